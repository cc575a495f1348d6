"""What runs in a real browser against a real server."""
