"""What a reader takes home from any page.

place
    Its place in the sidebar: the report, files for trainers, the link, its QR code.
files
    The report of a session as HTML and PowerPoint.
training_files
    The scenario as a file for a trainer: chosen, shown, saved, copied.
links
    The address of what is on screen, long and short, and as a picture.
copy_button
    A button that copies a text.
page_scripts
    Printing, and figures that are saved with title, scenario and source: the browser's part.
"""
