"""A changed mesh is the mesh that would have been loaded; what did not change is in both, and the old one stays."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.sameness import origins, require_same
from meshegress import Mesh, Request, ResourceError, Workload, check
from meshegress.loading import ResourceSet
from meshegress.profiles import PROFILES
from meshegress.resources import MeshConfig, Resource, ServiceEntry
from meshegress.testing import strategies

HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}
TLS = {"number": 443, "name": "tls", "protocol": "TLS"}
TCP = {"number": 9000, "name": "tcp", "protocol": "TCP"}


def entry(name: str, *, port: dict[str, Any] = TLS, created: int | None = None, **spec: Any) -> ServiceEntry:
    """Return an entry for the host ``NAME.example.com``."""
    given = {"hosts": [f"{name}.example.com"], "ports": [port], "resolution": "DNS", **spec}
    return ServiceEntry(metadata={"name": name, "namespace": "shop", "creation_timestamp": created}, spec=given)


def whole(mesh: Mesh) -> Mesh:
    """Return the mesh of the same resources, compiled as a whole."""
    return Mesh(mesh.resources, istio=mesh.istio)


@pytest.mark.hypothesis
@given(
    world=strategies.worlds(min_size=3),
    release=st.just("1.30") | st.sampled_from(tuple(PROFILES)),
    workload=strategies.workloads(),
    data=st.data(),
)
def test_a_changed_mesh_is_the_mesh_loaded_whole(
    world: Sequence[Resource | MeshConfig], release: str, workload: Workload, data: st.DataObject
) -> None:
    """Whatever is added, replaced and removed, step by step: tables, provenance, names and decisions are the same."""
    usable = check(world, istio=release)[0].resources
    asked = data.draw(st.lists(strategies.requests(tuple(world)), min_size=1, max_size=4))
    known = [*usable.each(), *([usable.mesh_config] if usable.mesh_config_source is not None else [])]
    later = data.draw(st.lists(st.sampled_from(known), unique_by=id, max_size=3)) if known else []
    mesh = Mesh([one for one in known if all(one is not other for other in later)], istio=release)
    for one in [*later, None]:
        assert mesh.egress(workload).names is not None  # now there is a table with names, to be changed
        present = [row for row in mesh.resources.each() if data.draw(st.integers(0, 3)) == 0]
        mesh = mesh.with_changes([one] if one is not None else [], present)
        require_same(mesh.egress(workload), whole(mesh).egress(workload), asked)


_NAMES = st.sampled_from([f"h{number}" for number in range(8)])
_SPECS = st.fixed_dictionaries(
    {"port": st.sampled_from([HTTP, TLS, TLS, {**HTTP, "number": 8080}]), "resolution": st.just("NONE")},
    optional={
        "hosts": st.lists(
            st.sampled_from([f"{host}.example.com" for host in "abcdefgh"] + ["*.example.org", "A.example.com"]),
            min_size=1,
            max_size=2,
            unique=True,
        ),
        "addresses": st.sampled_from([["10.0.0.1"], ["10.0.0.2", "10.0.0.3"], ["10.0.0.0/8"]]),
        "exportTo": st.sampled_from([["."], ["*"], ["shop"], ["other"], ["~"]]),
        "created": st.integers(1, 9),
    },
)
_ADDRESSED = st.fixed_dictionaries(
    {"port": st.just(TCP), "addresses": st.sampled_from([[f"10.1.0.{number}"] for number in range(8)])}
)


@st.composite
def entries(draw: st.DrawFn) -> ServiceEntry:
    """Draw an entry that very often has nothing to do with any other."""
    return entry(draw(_NAMES), **draw(st.one_of(st.just({"port": TLS}), st.just({"port": HTTP}), _ADDRESSED, _SPECS)))


@pytest.mark.hypothesis
@given(
    base=st.lists(entries(), max_size=8),
    steps=st.lists(st.tuples(st.lists(entries(), max_size=2), st.lists(_NAMES, max_size=1)), min_size=1, max_size=4),
    workload=st.sampled_from([Workload("shop"), Workload("other", metadata={"DNS_CAPTURE": "true"})]),
)
def test_many_small_changes_add_up(
    base: list[ServiceEntry], steps: list[tuple[list[ServiceEntry], list[str]]], workload: Workload
) -> None:
    """And so where nearly every change is made by exchanging what the entry alone gives."""
    asked = [Request.http(f"{name}.example.com", address="203.0.113.1") for name in ("h1", "h2", "a", "b")]
    asked += [Request.tls(f"{name}.example.com", address="203.0.113.1") for name in ("h1", "h2", "a", "b")]
    asked += [Request.tcp(f"10.1.0.{number}", 9000) for number in range(4)]
    mesh = Mesh(base)
    for added, removed in steps:
        assert mesh.egress(workload).names is not None
        mesh = mesh.with_changes(added, [entry(name) for name in removed])
        require_same(mesh.egress(workload), whole(mesh).egress(workload), asked)


BASE = [
    entry("a", port=HTTP),
    entry("b"),
    entry("c", port=TCP, addresses=["10.0.0.1"]),
    entry("w", hosts=["*.a.example.com"], resolution="NONE"),
    entry("d", hosts=["d.example.com", "*.d.example.com"], resolution="NONE"),
    entry("x", port=HTTP),
    entry("y"),
    entry("z", port=TCP, addresses=["10.0.0.9"]),
]


@pytest.mark.parametrize(
    ("added", "removed"),
    [
        pytest.param([entry("m")], [], id="one more server name"),
        pytest.param([entry("m", port=HTTP)], [], id="one more virtual host"),
        pytest.param([entry("m", port=TCP, addresses=["10.0.0.5"])], [], id="one more address"),
        pytest.param([], [entry("y")], id="one server name less"),
        pytest.param([], [entry("x")], id="one virtual host less"),
        pytest.param([], [entry("c")], id="one address less"),
        pytest.param([entry("d", hosts=["e.example.com"], resolution="NONE")], [], id="another host and resolution"),
        pytest.param([entry("y", port=HTTP)], [], id="another port"),
    ],
)
def test_a_change_of_one_entry_is_there_at_once(added: list[ServiceEntry], removed: list[ServiceEntry]) -> None:
    """The table is made before anybody asks for it, keeps what did not change, and is the one of the whole."""
    before = Mesh(BASE)
    old = before.egress("shop").table
    changed = before.with_changes(added, removed)
    assert len(changed.compiled.workload_tables) == 1
    table = changed.egress("shop").table
    assert table == whole(changed).egress("shop").table
    assert list(origins(table)) == list(origins(whole(changed).egress("shop").table))
    assert before.egress("shop").table is old
    kept = {id(host) for routes in old.route_configurations.values() for host in routes.virtual_hosts}
    now = [host for routes in table.route_configurations.values() for host in routes.virtual_hosts]
    assert sum(id(host) not in kept for host in now) <= len(added)


CHOSEN = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec:
  hosts: [a.example.com]
  http:
    - {match: [{sourceLabels: {team: red}}], directResponse: {status: 418}}
    - {route: [{destination: {host: a.example.com}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: d, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec: {host: b.example.com, workloadSelector: {matchLabels: {tier: front}}, subsets: [{name: v1}]}
"""
WORKLOADS = [
    *(Workload("shop", labels=labels) for labels in ({}, {"team": "red"}, {"tier": "front"})),
    Workload("other"),
]


@pytest.mark.parametrize(
    "port", [pytest.param(TLS, id="one more server name"), pytest.param(HTTP, id="one more route")]
)
def test_tables_share_after_a_change_what_they_share_before_it(port: dict[str, Any]) -> None:
    """What is exchanged is exchanged once for all workloads, down to the matching tables."""
    mesh = Mesh(
        [
            *check(CHOSEN)[0].resources.each(),
            *(entry(name, port=HTTP, created=1) for name in "abc"),
            entry("t", created=1),
        ]
    )

    def held() -> list[int]:
        views = [mesh.tables_of(workload) for workload in WORKLOADS]
        tables = [view.program.table for view in views]
        layout = [view.program.layout.layout for view in views]
        routes = [routes for table in tables for routes in table.route_configurations.values()]
        parts: list[list[Any]] = [
            [part for table in tables for part in table.listeners],
            [part for table in tables for part in table.clusters.values()],
            [part for one in routes for part in one.virtual_hosts],
            [row.node for one in layout for row in one.listeners],
            [chain.routes.domains for one in layout for chain in one.http_chains.values()],
            [view.names for view in views],
        ]
        return [len({id(part) for part in kind}) for kind in parts]

    for workload in WORKLOADS:
        assert mesh.egress(workload).names is not None
    before = held()
    mesh = mesh.with_changes([entry("m", port=port, created=9)])
    assert len(mesh.compiled.workload_tables) == len(WORKLOADS)
    more = [0, 1, int(port is HTTP), 0, 0, 0]
    assert held() == [count + added for count, added in zip(before, more, strict=True)]


def test_a_thousand_changes_leave_no_waste() -> None:
    """What is gone is forgotten in the end: the layout table does not grow with the number of changes."""
    mesh = Mesh(BASE)
    mesh.egress("shop")
    for number in range(1000):
        mesh = mesh.with_changes([entry(f"n{number}"), entry(f"n{number}", port=HTTP)], [entry(f"n{number - 1}")])
    layout = mesh.egress("shop").tables.program.layout.layout
    assert len(layout.chain_leaves) < 300
    require_same(mesh.egress("shop"), whole(mesh).egress("shop"), [])


def test_a_table_goes_when_its_last_reader_does() -> None:
    """No circle holds an old mesh until the garbage collector comes: a large one would stay for long."""
    gc.collect()
    gc.disable()
    try:
        mesh = Mesh(BASE)
        egress = mesh.egress("shop")
        egress.decide("https://b.example.com/"), egress.explain("http://nowhere.org/"), egress.names
        assert egress.columns.leaves
        held = [weakref.ref(thing) for thing in (mesh, egress, egress.tables, egress.tables.registry)]
        mesh = mesh.with_changes([entry("m")])
        egress = mesh.egress("shop")
        assert [reference() for reference in held] == [None] * 4
    finally:
        gc.enable()
    assert str(egress.decide("https://m.example.com/")) == "outbound|443||m.example.com"


def test_what_is_added_is_judged() -> None:
    """An entry that Istio would refuse is refused here too, and the mesh stays."""
    mesh = Mesh(BASE)
    with pytest.raises(ResourceError, match="covers every name"):
        mesh.with_changes([entry("m", hosts=["*"])])
    assert len(mesh.resources.service_entries) == len(BASE)


def test_a_mesh_configuration_can_be_changed() -> None:
    """Another policy is another table for all."""
    mesh = Mesh(BASE)
    assert str(mesh.egress("shop").decide("https://nowhere.org/")) == "PassthroughCluster"
    changed = mesh.with_changes(["outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n"])
    assert changed.egress("shop").decide("https://nowhere.org/").outcome.value == "blackhole"


def test_what_has_no_namespace_can_be_removed_again() -> None:
    """A resource is removed as it was given."""
    bare = ServiceEntry(metadata={"name": "a"}, spec={"hosts": ["a.com"], "ports": [TLS], "resolution": "DNS"})
    assert Mesh([bare]).with_changes(removed=[bare]).resources.service_entries == ()


def test_a_name_is_enough_to_remove_by() -> None:
    """What is removed need not be whole, and is not judged."""
    name = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
    spec = {"hosts": ["a.com"], "ports": [TLS], "resolution": "DNS"}
    assert Mesh([{**name, "spec": spec}]).with_changes(removed=[name]).resources.service_entries == ()


def test_what_cannot_be_read_is_not_removed_in_silence() -> None:
    """A removal that names nothing is an error."""
    with pytest.raises(ResourceError):
        Mesh(BASE).with_changes(removed=["kind: [ServiceEntry"])


def test_readers_never_see_a_half_made_table() -> None:
    """Threads that ask while meshes are swapped get one of the two answers, never another one and never an error."""
    asked = Request.tls("m.example.com", address="203.0.113.1")
    held = [Mesh(BASE).egress("shop")]
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(str(held[0].decide(asked)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    mesh = Mesh(BASE)
    mesh.egress("shop")
    for _ in range(50):
        mesh = mesh.with_changes([entry("m")])
        held[0] = mesh.egress("shop")
        mesh = mesh.with_changes(removed=[entry("m")])
        held[0] = mesh.egress("shop")
    stop.set()
    for reader in readers:
        reader.join()
    assert seen <= {"PassthroughCluster", "outbound|443||m.example.com"}
    assert (
        ResourceSet().with_changes(mesh.resources, ResourceSet())[0].service_entries == mesh.resources.service_entries
    )


@pytest.mark.parametrize("host", ["*.db.shop.svc.cluster.local", "*.db.shop", "*.db"])
def test_a_wildcard_below_a_headless_service_is_compiled_with_it(host: str) -> None:
    """Both want one domain, so the entry cannot be exchanged alone."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "db", "namespace": "shop", "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": {"clusterIP": "None", "ports": [{"port": 80, "name": "http"}]},
    }
    before = Mesh([service, *BASE])
    assert before.egress("shop").names is not None
    changed = before.with_changes([entry("m", hosts=[host], port=HTTP, resolution="NONE", created=9)])
    asked = [Request.http(host.replace("*", "x"), address="203.0.113.1")]
    require_same(changed.egress("shop"), whole(changed).egress("shop"), asked)
