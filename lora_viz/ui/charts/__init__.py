"""Pictures made with Plotly: each keeps its place on the page and changes there.

chart
    `chart(figure, name, label)`, which all pages draw with; its script is in `chart_assets/`.
theme
    Ink, ground, axes and hover labels of the light and the dark page.
by_rank
    What of a figure changes with the rank, so that the browser draws it while a slider is moved.
"""
