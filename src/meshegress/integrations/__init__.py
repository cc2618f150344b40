"""Integrations with other tools: one module and one extra each."""
