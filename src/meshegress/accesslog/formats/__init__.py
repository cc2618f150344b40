"""Formats that are not presets: those that a mesh configuration asks for."""
