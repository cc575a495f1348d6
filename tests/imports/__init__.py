"""Files that people have: what is understood of them, what is not, and what an adapter holds."""
