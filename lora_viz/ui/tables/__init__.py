"""Tables where Streamlit's own, which is drawn and scrolled sideways, cannot be read.

lines
    A table as HTML: a card for each row on a phone, all rows on paper.
"""
