"""The parts of the page “Summary”."""
