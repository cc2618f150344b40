"""What the passes speak of: services, scopes, routes, plans. Nothing here is a pass, and every pass may use it."""
