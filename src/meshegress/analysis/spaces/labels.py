"""First labels of made-up names, nice ones first."""

from __future__ import annotations

LABELS = ("www", "api", "x", *(f"x{number}" for number in range(500)))
#: A domain that nobody owns (RFC 2606).
NOBODYS_DOMAIN = "example.net"
