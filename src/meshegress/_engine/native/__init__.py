"""The engine compiled: the native twins of what stands in ``reference``, and the C headers that they share."""
