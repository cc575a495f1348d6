"""What pages are built with: widgets, messages, charts, downloads, and literal text."""
