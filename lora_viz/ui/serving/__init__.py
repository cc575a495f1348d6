"""The server around the pages: start and stop, headers, cookies, what is loaded in advance."""
