"""What stands below every page, whatever the page shows.

end
    The parts of a page's end in their order, also where the page stopped early.
about_explainer
    What the explainer is, where a page speaks of it.
next_page
    Where to go next, and why.
stopping
    How a page stops early.
"""
