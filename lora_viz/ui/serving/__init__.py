"""The server around the pages.

server
    Start and stop, response headers, unexpected errors.
environment
    Variables with a wrong value, before it starts.
reader
    Whose a run is: a browser known by a cookie.
history
    An entry of the browser's history for each thing that a reader does.
warming
    What is loaded before it is asked for.
plotly_library
    Plotly's own script, for charts that are redrawn in place.
later
    What a page's run leaves for later, and a browser asks for.
"""
