"""From resources to the table that one workload's sidecar is told.

The passes, in the order in which they run, are siblings: none imports another, each takes all that it reads as
arguments. ``pipeline`` is the list of them.
"""
