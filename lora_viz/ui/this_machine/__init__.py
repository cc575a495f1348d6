"""The parts of the page “This machine”."""
