"""What a reader takes home: a scenario's answers as one file, in the words of the pages.

facts
    What a report says, as data: chapters, sections, charts, tables.
making
    A report from scenarios, runs and comparisons.
sections
    One subject of a page each.
link
    The addresses that restore everything.
html
    One file with figures that move, which asks no network.
page_script
    What that file runs: Plotly, packed, and its style.
powerpoint
    A slide for each figure, with PowerPoint's own charts.
native_charts
    These charts.
slide_fonts
    Fonts that people's machines have.
slide_parts
    What else a slide holds: words, tables, shapes true to scale.
pdf
    The HTML printed by a Chromium of this machine.
writing
    The kind of file that a name asks for.
"""
