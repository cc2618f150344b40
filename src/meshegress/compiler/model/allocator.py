"""The addresses that istiod's controller would write into the status of entries that were given without one.

Nobody knows which addresses it takes, only the range, and that no two entries share one. Here each host of an entry has
a place by its name, and the next free one where another has it; who has an address keeps it, whatever comes and goes.

Source: Istio, pilot/pkg/controllers/ipallocate.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Lock
from typing import NamedTuple
from zlib import crc32

DEFAULT_V4 = "240.240.0.0/16"
DEFAULT_V6 = "2001:2::/48"
#: As many as a range has at most; more entries than that have none.
_MOST = 1 << 20


class Holder(NamedTuple):
    """Whose an address is: a host of an entry."""

    namespace: str
    name: str
    host: str


class Allocator:
    """Gives each holder an IPv4 and an IPv6 address of its own from two ranges; threads may share it."""

    def __init__(self, v4: str = DEFAULT_V4, v6: str = DEFAULT_V6) -> None:
        self._v4, self._v6 = IPv4Network(v4, strict=False), IPv6Network(v6, strict=False)
        self._size = min(self._v4.num_addresses - 2, self._v6.num_addresses - 2, _MOST)
        self._places: dict[Holder, int] = {}
        self._holders: dict[int, Holder] = {}
        self._lock = Lock()

    def hold(self, holder: Holder, addresses: Iterable[str]) -> None:
        """Keep *addresses*, which the cluster has given to *holder*, from all others."""
        for text in addresses:
            place = self._place(text)
            if place is not None:
                with self._lock:
                    before = self._holders.get(place)
                    if before is not None and before != holder:
                        self._places.pop(before, None)
                    self._holders[place] = holder

    def allocate(self, holder: Holder) -> tuple[str, str] | tuple[None, None]:
        """Return the addresses of *holder*, the same as before if it had some; none where the range is full."""
        with self._lock:
            place = self._places.get(holder)
            if place is None:
                if len(self._holders) >= self._size:
                    return None, None
                place = crc32("\0".join(holder).encode(errors="surrogatepass")) % self._size
                while place in self._holders:
                    place = (place + 1) % self._size
                self._places[holder] = place
                self._holders[place] = holder
        first, others = int(self._v4.network_address) + 1, int(self._v6.network_address) + 1
        return str(IPv4Address(first + place)), str(IPv6Address(others + place))

    def make_room(self, count: int) -> None:
        """Forget whose addresses are whose, if *count* more might not find one beside those of other meshes."""
        with self._lock:
            if len(self._holders) + count > self._size:
                self._places.clear()
                self._holders.clear()

    def is_allocated(self, text: str) -> bool:
        """Tell whether the address *text* was made here."""
        place = self._place(text)
        holder = None if place is None else self._holders.get(place)
        return holder is not None and self._places.get(holder) == place

    def _place(self, text: str) -> int | None:
        """Return the place of the address *text*, or None where it is outside of the ranges."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        network = self._v4 if isinstance(address, IPv4Address) else self._v6
        place = int(address) - int(network.network_address) - 1
        return place if 0 <= place < self._size else None


@lru_cache(maxsize=64)
def allocator_of(v4: str, v6: str) -> Allocator:
    """Return the allocator of two ranges: one for all meshes of the process, so that addresses stay what they are."""
    return Allocator(v4, v6)
