"""Host names as resources write them: which of several covers a name most closely, and which overlap with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from meshegress._match import host_matches

_Value = TypeVar("_Value")


def most_specific(host: str, exact: Mapping[str, _Value], wildcard: Mapping[str, _Value]) -> _Value | None:
    """Return what stands under *host* itself, else under the longest wildcard that covers it.

    Source: Istio, pilot/pkg/model, MostSpecificHostMatch.
    """
    if host.startswith("*"):
        if host in wildcard:
            return wildcard[host]
        host = host[1:]
    elif host in exact:
        return exact[host]
    if not wildcard:
        return None
    # The longest suffix first: `*` and every later dot, and any partial wildcard between.
    for start in range(len(host) + 1):
        found = wildcard.get("*" + host[start:])
        if found is not None:
            return found
    return None


class Overlaps(Generic[_Value]):
    """Values by the hosts that each is for, ready to be asked which are for some name that a host stands for.

    >>> Overlaps([("a", ["x.com"]), ("b", ["*.com"])]).of("x.com")
    ['a', 'b']
    """

    def __init__(self, rows: Iterable[tuple[_Value, Iterable[str]]]) -> None:
        self._values: list[_Value] = []
        self._exact: dict[str, list[int]] = {}
        self._wildcards: list[tuple[str, int]] = []
        for place, (value, hosts) in enumerate(rows):
            self._values.append(value)
            for host in hosts:
                if host.startswith("*"):
                    self._wildcards.append((host, place))
                else:
                    self._exact.setdefault(host, []).append(place)

    def of(self, host: str) -> list[_Value]:
        """Return the values whose hosts overlap with *host*, in their order."""
        places = {place for wide, place in self._wildcards if host_matches(wide, host)}
        places.update(self._exact.get(host, ()))
        if host.startswith("*"):
            for name, named in self._exact.items():
                if host_matches(name, host):
                    places.update(named)
        return [self._values[place] for place in sorted(places)]
