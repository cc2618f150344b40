"""IP addresses as text, in the one form in which they are compared."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address


@lru_cache(maxsize=4096)
def canonical_address(text: str) -> str | None:
    """Return the address *text* in its shortest form, or None where it is none.

    An IPv4 address and the same one mapped into IPv6 stay two, as they are for Envoy.

    >>> canonical_address("2001:DB8:0::1"), canonical_address("1.2.3.4"), canonical_address("a.com")
    ('2001:db8::1', '1.2.3.4', None)
    """
    try:
        return str(IPv6Address(text) if ":" in text else IPv4Address(text))
    except AddressValueError:
        return None
