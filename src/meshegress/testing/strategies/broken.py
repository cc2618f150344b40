"""Strategies for what is refused: resources of every kind with one thing wrong, and worlds with one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from meshegress.findings import Severity
from meshegress.loading import check
from meshegress.resources import Message, Resource
from meshegress.testing.strategies.gateways import gateways
from meshegress.testing.strategies.istio_mutations import ISTIO_MUTATIONS
from meshegress.testing.strategies.kubernetes import endpoint_slices, endpoints, kubernetes_services, namespaces, pods
from meshegress.testing.strategies.kubernetes_mutations import KUBERNETES_MUTATIONS, MESH_MUTATIONS
from meshegress.testing.strategies.mutations import ANY_ISTIO, ANY_OBJECT, Mutation
from meshegress.testing.strategies.routing import destination_rules, virtual_services
from meshegress.testing.strategies.services import service_entries, workload_entries
from meshegress.testing.strategies.sidecars import sidecars
from meshegress.testing.strategies.worlds import FIRST_DAY, mesh_configs, named, worlds

MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    **{kind: (*rows, *ANY_OBJECT, *ANY_ISTIO) for kind, rows in ISTIO_MUTATIONS.items()},
    **{kind: (*rows, *ANY_OBJECT) for kind, rows in KUBERNETES_MUTATIONS.items()},
    "MeshConfig": MESH_MUTATIONS,
}
"""All that is known to be refused, by kind."""

VALID: dict[str, st.SearchStrategy[Any]] = {
    "ServiceEntry": service_entries(),
    "WorkloadEntry": workload_entries(),
    "Sidecar": sidecars(),
    "VirtualService": virtual_services(),
    "DestinationRule": destination_rules(),
    "Gateway": gateways(),
    "Service": kubernetes_services(),
    "EndpointSlice": endpoint_slices(),
    "Endpoints": endpoints(),
    "Pod": pods(),
    "Namespace": namespaces(),
    # The release that is asked does not mind what stands in a field that came later.
    "MeshConfig": mesh_configs()
    .map(lambda config: config.model_copy(update={"service_entry_visibility": None}))
    .filter(lambda config: config.as_wire() != {}),
}
"""What is broken: something sound of each kind, in which something is written."""

_KINDS = tuple(VALID)
_MISSHAPEN: dict[type, st.SearchStrategy[Any]] = {
    dict: st.sampled_from(("x", 1, True, [], [{}])),
    list: st.sampled_from(("x", 1, True, {}, {"x": 1})),
}
_NO_SCALAR: st.SearchStrategy[Any] = st.sampled_from(({}, [], {"x": 1}, [[]]))


@st.composite
def broken_resources(draw: st.DrawFn, *kinds: str) -> dict[str, Any]:
    """Draw the wire form of a resource that is refused: of one of *kinds*, else of any, ``MeshConfig`` among them."""
    kind = draw(st.sampled_from(kinds or _KINDS))
    sound: Message = draw(VALID[kind])
    document = (named(sound, "broken", FIRST_DAY) if isinstance(sound, Resource) else sound).as_wire()
    if draw(st.booleans()):
        return draw(malformed(document))
    chosen: Mutation = draw(st.sampled_from(MUTATIONS[kind]))
    return chosen.of(document)


def broken_entries() -> st.SearchStrategy[dict[str, Any]]:
    """Draw the wire form of a ServiceEntry that Istio refuses."""
    return broken_resources("ServiceEntry")


@st.composite
def malformed(draw: st.DrawFn, document: Mapping[str, Any]) -> dict[str, Any]:
    """Draw *document* with a value of the wrong type somewhere, at any depth."""
    broken = deepcopy(dict(document))
    # Istio takes an object whose status it cannot read, as if it had none.
    kept = "status" if "networking.istio.io" in broken.get("apiVersion", "") else None
    *way, last = draw(st.sampled_from([path for path in paths(broken) if path[0] != kept]))
    holder: Any = broken
    for part in way:
        holder = holder[part]
    holder[last] = draw(_MISSHAPEN.get(type(holder[last]), _NO_SCALAR))
    return broken


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every value inside *value*."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


@st.composite
def broken_worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the wire forms of a world in which one resource, somewhere, is broken."""
    documents = [resource.as_wire() for resource in draw(worlds())]
    documents.insert(draw(st.integers(0, len(documents))), draw(broken_resources()))
    return documents


def is_accepted(*sources: Any) -> bool:
    """Tell whether Istio accepts all of *sources*.

    >>> is_accepted({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"})
    False
    """
    return all(finding.severity is not Severity.ERROR for finding in check(*sources)[1])
