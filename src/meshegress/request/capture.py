"""Which connections of a workload its sidecar sees: the rest goes past it.

Source: Istio, tools/istio-iptables, the rules of the chain ISTIO_OUTPUT; pkg/kube/inject, the annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from meshegress.decision import Origin

Network = IPv4Network | IPv6Network

_PREFIX = "traffic.sidecar.istio.io/"
INCLUDE_PORTS = f"{_PREFIX}includeOutboundPorts"
EXCLUDE_PORTS = f"{_PREFIX}excludeOutboundPorts"
INCLUDE_RANGES = f"{_PREFIX}includeOutboundIPRanges"
EXCLUDE_RANGES = f"{_PREFIX}excludeOutboundIPRanges"
INTERCEPTION_MODE = "sidecar.istio.io/interceptionMode"

_EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Capture:
    """Which connections are redirected to the sidecar; by default all are.

    An excluded port goes before everything, then an excluded range, then what is included: a port whatever the address,
    or a range (None: every address). ``absence`` says why there is no sidecar at all, ``is_ambient`` that ztunnel is
    there in its stead. Without ``is_redirected`` the sidecar sees only what is sent to it. ``owner`` is the object that
    says so, ``path`` what stands in it around the annotations.
    """

    excluded_ports: frozenset[int] = frozenset()
    excluded_ranges: tuple[Network, ...] = ()
    included_ports: frozenset[int] = frozenset()
    included_ranges: tuple[Network, ...] | None = None
    is_redirected: bool = True
    absence: str = ""
    is_ambient: bool = False
    owner: Origin | None = None
    path: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether the sidecar sees every connection."""
        narrowed = self.excluded_ports or self.excluded_ranges or self.included_ranges is not None
        return not (narrowed or self.absence) and self.is_redirected

    def depends_on_address(self, port: int) -> bool:
        """Return whether of two connections to *port* one may be captured and the other not."""
        if self.absence or port in self.excluded_ports:
            return False
        some = self.included_ranges is None or bool(self.included_ranges) or port in self.included_ports
        return some and not (not self.excluded_ranges and self._takes_every_address(port) and self.is_redirected)

    def _takes_every_address(self, port: int) -> bool:
        return self.included_ranges is None or port in self.included_ports

    def excluding(self, address: str, port: int) -> str:
        """Return the annotation that keeps a connection to *address* and *port* from the sidecar; empty: none does.

        >>> Capture.of({EXCLUDE_PORTS: "5432", EXCLUDE_RANGES: "10.0.0.0/8"}).excluding("192.0.2.1", 5432)
        'traffic.sidecar.istio.io/excludeOutboundPorts'
        >>> Capture.of({INCLUDE_RANGES: "10.0.0.0/8"}).excluding("10.1.2.3", 443)
        ''
        """
        where = ip_address(address)
        if not self.is_redirected:
            return "" if where.is_loopback else INTERCEPTION_MODE
        if port in self.excluded_ports:
            return EXCLUDE_PORTS
        if any(where in network for network in self.excluded_ranges):
            return EXCLUDE_RANGES
        if port in self.included_ports or self.included_ranges is None:
            return ""
        return "" if any(where in network for network in self.included_ranges) else INCLUDE_RANGES

    @classmethod
    def of(cls, annotations: Mapping[str, str]) -> Capture:
        """Return what *annotations* let the sidecar see; one that cannot be read counts as absent."""
        given = {name: text for name, text in annotations.items() if name in _READERS and _is_readable(name, text)}
        ranges = given.get(INCLUDE_RANGES, _EVERYWHERE)
        return cls(
            excluded_ports=_ports(given.get(EXCLUDE_PORTS, "")),
            excluded_ranges=_ranges(given.get(EXCLUDE_RANGES, "")),
            included_ports=_ports(given.get(INCLUDE_PORTS, "")),
            included_ranges=None if ranges == _EVERYWHERE else _ranges(ranges),
        )


EVERYTHING = Capture()
"""What a sidecar sees of which nothing else is said."""


def unreadable_annotations(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield name and value of each annotation that the injector would refuse, and the Pod with it.

    >>> list(unreadable_annotations({EXCLUDE_PORTS: "http", INTERCEPTION_MODE: "TPROXY"}))
    [('traffic.sidecar.istio.io/excludeOutboundPorts', 'http')]
    """
    for name, text in annotations.items():
        if name in _READERS and not _is_readable(name, text):
            yield name, text


def _is_readable(name: str, text: str) -> bool:
    try:
        _READERS[name](text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def _ports(text: str) -> frozenset[int]:
    parts = text.strip().split(",") if text.strip() else []
    ports = frozenset(int(part) for part in parts)
    if any(not 0 <= port < 65536 for port in ports):
        raise ValueError(text)
    return ports


@lru_cache(maxsize=1024)
def _ranges(text: str) -> tuple[Network, ...]:
    parts = text.split(",") if text else []
    if any("/" not in part for part in parts):
        raise ValueError(text)
    return tuple(ip_network(part, strict=False) for part in parts)


def _included_ranges(text: str) -> object:
    return text == _EVERYWHERE or _ranges(text)


def _mode(text: str) -> object:
    if text not in ("REDIRECT", "TPROXY", "NONE"):
        raise ValueError(text)
    return text


_READERS: dict[str, Callable[[str], object]] = {
    INCLUDE_PORTS: _ports,
    EXCLUDE_PORTS: _ports,
    INCLUDE_RANGES: _included_ranges,
    EXCLUDE_RANGES: _ranges,
    INTERCEPTION_MODE: _mode,
}
