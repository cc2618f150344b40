"""The dimensions of requests, cut into atoms on which both tables are constant: one module for each.

A space *classifies* a request to its atom, has a *witness* of each atom, and *shows* it.
"""
