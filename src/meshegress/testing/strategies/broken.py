"""Strategies for what Istio refuses: entries with one thing wrong, and worlds in which one of them stands."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from meshegress.collection import check
from meshegress.findings import Severity
from meshegress.testing.strategies.services import service_entries
from meshegress.testing.strategies.worlds import FIRST_DAY, named, worlds

Break = Callable[[dict[str, Any]], None]


def _set(*path: Any) -> Break:
    *way, last, value = path

    def apply(document: dict[str, Any]) -> None:
        holder: Any = document
        for part in way:
            holder = holder[part]
        holder[last] = deepcopy(value)

    return apply


BREAKS: tuple[Break, ...] = (
    _set("spec", "hosts", []),
    _set("spec", "hosts", ["*"]),
    _set("spec", "hosts", ["a_b.com"]),
    _set("spec", "hosts", "a.com"),
    _set("spec", "hosts", [80]),
    _set("spec", "ports", 0, "number", 65_536),
    _set("spec", "ports", 0, "number", "eighty"),
    _set("spec", "ports", 0, "name", "a_b"),
    _set("spec", "ports", 0, "protocol", "SMTP"),
    _set("spec", "ports", {}),
    _set("spec", "addresses", ["10.0.0.0/33"]),
    _set("spec", "resolution", "GUESS"),
    _set("spec", "exportTo", ["*", "shop"]),
    _set("spec", "workloadSelector", {"labels": {"app": "*"}}),
    _set("metadata", "labels", {"app": 1}),
    _set("metadata", "annotations", {"istio.io/dry-run": "true"}),
)
"""Each makes an entry that Istio accepts one that it refuses."""


@st.composite
def broken_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the wire form of a ServiceEntry that Istio refuses."""
    document = named(draw(service_entries()), "broken", FIRST_DAY).as_wire()
    draw(st.sampled_from(BREAKS))(document)
    return document


@st.composite
def broken_worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the wire forms of a world in which one entry, somewhere, is broken."""
    documents = [resource.as_wire() for resource in draw(worlds())]
    documents.insert(draw(st.integers(0, len(documents))), draw(broken_entries()))
    return documents


def is_accepted(*sources: Any) -> bool:
    """Tell whether Istio accepts all of *sources*.

    >>> is_accepted({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"})
    False
    """
    return all(finding.severity is not Severity.ERROR for finding in check(*sources)[1])
