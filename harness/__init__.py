"""The application started as `make app` starts it, and looked at with a real browser.

For tests, benchmarks and scripts, none of which imports another.

server
    A server of its own port, from its start to its end.
browser
    A Chromium, readers in it, and when a page is drawn.
"""
