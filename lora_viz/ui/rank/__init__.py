"""The parts of the page “Rank”."""
