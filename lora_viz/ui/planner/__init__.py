"""The parts of the page “Planner”."""
