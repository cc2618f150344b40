"""Where several answers are possible: orders that nobody knows, addresses of a name, what is not modelled."""
