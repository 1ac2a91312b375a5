"""One file a command; each is a thin door to the services."""
