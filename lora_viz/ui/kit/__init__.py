"""What pages are built with.

page
    How a page is composed: headline, key number, picture beside controls, tabs.
controls, layer_picker
    Widgets made from declared fields; the layer that a page looks at.
asking, long_work
    Answers with a message while they are found; work of many steps, which can be stopped.
messages, target_warnings, literal, latex, style
    Words: plain sentences, outside text as it is written, formulas, the rules of style.
svg_picture
    Pictures as SVG, with buttons that save them; those of Plotly are in `ui/charts/`.
keyboard
    Keys that mean something on a whole page, on stage and within a tour.
theme
    What theme and logo take from the colours of meaning.
"""
