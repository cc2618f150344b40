"""Where two sides differ: ports, places, first bytes, names and routes, and at each only what is not the same."""
