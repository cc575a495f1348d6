"""The parts of the page “Decomposition”."""
