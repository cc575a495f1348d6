"""What pages are made of: sinks for text, without a page."""
