"""What a reader takes home from any page.

place
    Its place in the sidebar: the report, the link, its QR code.
files
    The report of a session as HTML and PowerPoint.
links
    The address of what is on screen, long and short, and as a picture.
copy_button
    A button that copies a text.
page_scripts
    Printing, and figures that are saved with title, scenario and source: the browser's part.
"""
