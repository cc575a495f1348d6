"""What the pages share, and the hooks of the server that shows them."""
