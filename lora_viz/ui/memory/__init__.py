"""The parts of the page “Memory”."""
