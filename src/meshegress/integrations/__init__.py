"""The doors to other tools: one module and one extra each."""
