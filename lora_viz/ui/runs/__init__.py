"""What several pages show of runs.

read
    Runs as pages read them, again only when they have changed.
words, buttons, damaged
    Their states in words; stop and resume; folders that are damaged.
"""
