"""The parts of the page “Checkpoints”."""
