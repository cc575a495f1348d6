"""The figures: their geometry and their words."""
