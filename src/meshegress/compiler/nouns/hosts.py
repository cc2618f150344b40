"""Host names as resources write them: which of several covers a name most closely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

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
