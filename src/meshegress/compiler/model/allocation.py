"""The automatic addresses of releases in which no controller writes them down: computed from the names of all entries.

Each name has a slot by its hash, the slots are walked in order, and what stands in one gets the next address.

Source: Istio 1.24, pilot/pkg/serviceregistry/serviceentry, autoAllocateIPs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.compiler.model.services import Named, Service, ServiceResolution

_SLOTS = 256 * 254
_PRIME = 65011
_OCTETS = 255


def with_allocated_addresses(services: Sequence[Service]) -> list[Service]:
    """Return *services*, those without an address with the ones that are allocated to them."""
    slots: dict[int, Named] = {}
    for service in services:
        if _is_allocated(service) and len(slots) < _SLOTS - 1:
            slots[next(slot for slot in _places(service.key) if slot not in slots)] = service.key
    found = _addresses(slots)
    return [
        replace(service, automatic_v4=found[service.key][0], automatic_v6=found[service.key][1])
        if service.key in found and _is_allocated(service)
        else service
        for service in services
    ]


def _is_allocated(service: Service) -> bool:
    return (
        not service.is_kubernetes
        and service.address == UNSPECIFIED
        and not service.hostname.startswith("*")
        and service.resolution is not ServiceResolution.PASSTHROUGH
    )


def _places(key: Named) -> Iterator[int]:
    """Yield the slots that *key* would take, the first first."""
    number = 2166136261
    for byte in f"{key.namespace}/{key.name}".encode(errors="surrogatepass"):
        number = ((number ^ byte) * 16777619) % 2**32
    yield number % _SLOTS
    step = _PRIME - number % _PRIME
    for turn in range(1, 2**32):
        yield (number + turn * step) % 2**32 % (_SLOTS - 1)


def _addresses(slots: dict[int, Named]) -> dict[Named, tuple[str, str]]:
    """Return the IPv4 and IPv6 address of each name: the number of its slot, and of those skipped before it."""
    found: dict[Named, tuple[str, str]] = {}
    skipped = 0
    for slot in sorted(slots):
        place = slot + 1 + skipped
        if place % _OCTETS == 0:
            skipped, place = skipped + 1, place + 1
        third, fourth = divmod(place, _OCTETS)
        sixth = f"{third:x}{fourth:x}" if third else f"{fourth:x}"
        found.setdefault(slots[slot], (f"240.240.{third}.{fourth}", f"2001:2::f0f0:{sixth}"))
    return found
