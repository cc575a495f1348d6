"""The parts of the page “Layer map”."""
