"""ServiceEntries for what a log has seen and nothing declares."""
