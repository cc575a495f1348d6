"""The server around the pages.

server
    Start and stop, response headers, unexpected errors.
environment
    Variables with a wrong value, before it starts.
reader
    Whose a run is: a browser known by a cookie.
warming
    What is loaded before it is asked for.
plotly_library
    Plotly's own script, for charts that are redrawn in place.
"""
