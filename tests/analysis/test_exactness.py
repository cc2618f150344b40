"""Decisions differ exactly where one region holds the request, with the region's answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparing import egresses, problems, tables
from meshegress import Egress, Mesh, Request, ResourceError
from meshegress.analysis.answers import By
from meshegress.compiler.envoy_validation import load
from meshegress.resources import MeshConfig, Resource
from meshegress.table import Listener, ListenerKind, RouteConfiguration, Table, VirtualHost
from meshegress.testing.conformance.decisions import build_egress
from meshegress.testing.conformance.files import read_records
from meshegress.testing.strategies import mesh_configs, requests, workloads, worlds
from meshegress.testing.strategies.worlds import World
from walk import drawn_tables

DECISIONS = Path(__file__).parents[1] / "data" / "decisions.jsonl.xz"
BOTH_KEYS = pytest.mark.parametrize("by", ["answer", "decision"])


def loaded(listeners: Sequence[Listener], hosts: Sequence[VirtualHost]) -> Table:
    """Return the table that Envoy would load of *listeners* and of one route configuration."""
    named = [replace(one, name=f"l{number}") for number, one in enumerate(listeners)]
    virtual = [one for one in named if one.kind is ListenerKind.VIRTUAL_OUTBOUND]
    routes = RouteConfiguration("80", tuple(without_shared_domains(hosts)))
    kept = load([one for one in named if one not in virtual[1:]], [routes])
    return Table(kept.listeners, kept.route_configurations, {}, kept.rejected)


def without_shared_domains(hosts: Sequence[VirtualHost]) -> list[VirtualHost]:
    """Return *hosts* with each domain once."""
    seen: set[str] = set()
    found = []
    for host in hosts:
        domains = [name for name in dict.fromkeys(host.domains) if name and name.lower() not in seen]
        domains = list({name.lower(): name for name in domains}.values())
        seen.update(name.lower() for name in domains)
        found += [replace(host, domains=tuple(domains))] if domains else []
    return found


_Parts = tuple[Sequence[Listener], Sequence[VirtualHost]]


def changed_tables(draw: Any) -> tuple[Table, Table]:
    """Draw a table, and another, or itself with something changed."""
    several = st.lists(drawn_tables.listeners(ends_tls=False), min_size=1, max_size=4)
    listeners, hosts = draw(several), draw(drawn_tables.hosts())
    first, *rest = listeners
    others: dict[str, _Parts] = {
        "independent": (draw(several), draw(drawn_tables.hosts())),
        "listener": (rest, hosts),
        "chain": ([replace(first, filter_chains=first.filter_chains[1:]), *rest], hosts),
        "inspector": ([replace(first, tls_inspector=not first.tls_inspector), *rest], hosts),
        "host": (listeners, (*hosts[1:], *draw(drawn_tables.hosts()))),
    }
    return loaded(listeners, hosts), loaded(*others[draw(st.sampled_from(sorted(others)))])


@BOTH_KEYS
@given(data=st.data())
def test_arbitrary_tables(data: st.DataObject, by: By) -> None:
    """Tables that no compiler would write: prefixes, transports, ALPN, prefix wildcards, a written /0, timeouts."""
    sides = tables(*changed_tables(data.draw))
    asked = data.draw(st.lists(drawn_tables.requests(), min_size=10, max_size=30))
    assert problems(sides, asked, by=by, beside=data) == []


def changed_meshes(data: st.DataObject) -> tuple[World, Mesh, Mesh]:
    """Draw a world as a mesh, and the mesh with something changed."""
    world = data.draw(worlds(min_size=2, max_size=10, dated=data.draw(st.booleans())))
    config = [one for one in world if isinstance(one, MeshConfig)]
    rest: list[Resource] = [one for one in world if not isinstance(one, MeshConfig)]
    kind = data.draw(st.sampled_from(["drop", "add", "mode", "release"]))
    if kind == "drop":
        place = data.draw(st.integers(0, len(rest) - 1))
        return world, Mesh([*rest, *config]), Mesh([*rest[:place], *rest[place + 1 :], *config])
    if kind == "add":
        drawn = [one for one in data.draw(worlds(min_size=1, max_size=4)) if not isinstance(one, MeshConfig)]
        more = [_renamed(one, f"more-{number}") for number, one in enumerate(drawn)]
        return world, Mesh([*rest, *config]), Mesh([*rest, *more, *config])
    if kind == "mode":
        return world, Mesh([*rest, *config]), Mesh([*rest, data.draw(mesh_configs())])
    release = data.draw(st.sampled_from(["1.24", "1.28", "1.31"]))
    return world, Mesh([*rest, *config]), Mesh([*rest, *config], istio=release)


def _renamed(resource: Resource, name: str) -> Resource:
    return resource.model_copy(update={"metadata": resource.metadata.model_copy(update={"name": name})})


@BOTH_KEYS
@given(data=st.data())
def test_drawn_worlds(data: st.DataObject, by: By) -> None:
    """Worlds of every kind of resource, with and without ages: one resource less or more, another mode or release."""
    try:
        world, before, after = changed_meshes(data)
    except ResourceError:
        return  # a release that refuses what another takes
    workload = data.draw(workloads())
    asked = data.draw(st.lists(requests(world), min_size=5, max_size=12))
    sides = egresses(before.egress(workload), after.egress(workload))
    assert problems(sides, asked, by=by, beside=data) == []


def _recorded(step: int) -> list[tuple[dict[str, Any], Egress, Egress]]:
    """Return every so many recorded world, as it is and without one of its objects."""
    found = []
    for number, record in read_records(DECISIONS):
        objects = list(yaml.load_all(record["config"], Loader=yaml.CSafeLoader)) if number % step == 0 else []
        if objects:
            place = number // step % len(objects)
            rest = yaml.safe_dump_all([*objects[:place], *objects[place + 1 :]])
            found.append((record, build_egress(record), build_egress({**record, "config": rest})))
    return found


@BOTH_KEYS
def test_recorded_worlds(by: By) -> None:
    """Worlds that real Istio compiled, of every release: their calls, against the world without one object."""
    broken = []
    releases = set()
    for record, before, after in _recorded(37):
        asked = [Request.from_dict(call["request"]) for call in record["calls"]]
        broken += problems(egresses(before, after), asked, by=by)
        releases.add(record["istio"])
    assert broken == []
    assert len(releases) >= 5
