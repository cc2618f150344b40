"""Gateways: which servers a gateway proxy runs, and the chains and routes behind them.

Numbered rules: ``docs/semantics.md``, chapter Gateways.
"""
