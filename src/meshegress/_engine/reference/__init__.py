"""The engine written to be read: these files are the specification of their native twins."""
