"""The parts of the page “Parameters”."""
