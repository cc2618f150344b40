"""Compare the library with recorded answers of Istio and Envoy.

A *vector file* is JSON lines, plain, gzip or xz. What a line holds tells its kind, and each kind has a module that
turns one record into checks with its function ``checks(record)``: ``decisions`` (a world and its calls), ``validation``
(objects), ``accesslog`` (lines). ``runner`` chooses among them, counts and reports.
"""

from meshegress.testing.conformance.check import Check, Skipped

__all__ = ["Check", "Skipped"]
