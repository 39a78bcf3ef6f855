"""A sandbox in a container of its own: the client in the worker, the server in the container, and what both share."""
