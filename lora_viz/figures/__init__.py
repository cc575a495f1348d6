"""Plotly figures: each function takes numbers and returns a `go.Figure`; nothing here computes."""
