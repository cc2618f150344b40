"""A workload among others has the table that it has alone, and what nothing tells apart is one object."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesh.sameness import differences, places_of
from meshegress import Mesh, Request, Workload, check
from meshegress._engine.layout import HttpChain
from meshegress.compiler.model.projections import ProxyProjection, table_projections
from meshegress.compiler.model.proxy import Proxy
from meshegress.compiler.model.scopes import Scope
from meshegress.compiler.pipeline.registry import Registry
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.loading import ResourceSet
from meshegress.profiles import PROFILES
from meshegress.resources import MeshConfig, Resource
from meshegress.table import Table
from meshegress.testing import strategies

World = Sequence[Resource | MeshConfig]

releases = st.just("1.30") | st.sampled_from(tuple(PROFILES))
_LABELS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {"pod": st.sampled_from("xyz")},
    optional={"app": st.sampled_from("abc"), "version": st.sampled_from(("v1", "v2"))},
)


@st.composite
def crowds(draw: st.DrawFn) -> list[Workload]:
    """Draw workloads that differ in all that workloads can differ in, often in little."""
    strangers = draw(st.lists(strategies.workloads(), min_size=1, max_size=2))
    addresses = draw(st.lists(strategies.addresses(), min_size=1, max_size=2))
    return [
        Workload(
            one.namespace,
            labels=draw(_LABELS),
            addresses=draw(st.sampled_from((one.addresses, *((address,) for address in addresses)))),
            metadata=one.metadata,
            dns_domain=one.dns_domain,
        )
        for one in (*strangers, *strangers)
    ]


def alone(resources: ResourceSet, release: str) -> Mesh:
    """Return a mesh that nobody was told of yet."""
    return Mesh(resources, istio=release)


def parts(table: Table) -> dict[tuple[object, ...], Any]:
    """Return what tables may share, by name: listeners and route configurations, and what is in them."""
    found: dict[tuple[object, ...], Any] = {}
    for listener in table.listeners:
        found["listener", listener.name, listener.port] = listener
        found |= {("chain", listener.name, listener.port, chain.match): chain for chain in listener.filter_chains}
    for routes in table.route_configurations.values():
        found["routes", routes.name] = routes
        found |= {("host", routes.name, host.name): host for host in routes.virtual_hosts}
    return found | {("cluster", name): cluster for name, cluster in table.clusters.items()}


@pytest.mark.hypothesis
@given(world=strategies.worlds(min_size=3), release=releases, crowd=crowds(), data=st.data())
def test_a_workload_among_others_has_the_table_it_has_alone(
    world: World, release: str, crowd: list[Workload], data: st.DataObject
) -> None:
    """Whoever was told before it, in whatever order: tables, provenance, names and decisions are the same."""
    resources = check(world, istio=release)[0].resources
    asked = data.draw(st.lists(strategies.requests(tuple(world)), min_size=1, max_size=4))
    mesh = Mesh(resources, istio=release)
    for workload in (*crowd, *crowd[::-1]):
        assert differences(mesh.egress(workload), alone(resources, release).egress(workload), asked) == []


@pytest.mark.hypothesis
@given(world=strategies.worlds(min_size=3), release=releases, workload=crowds().map(lambda crowd: crowd[0]))
def test_no_part_depends_on_what_its_aspect_leaves_out(world: World, release: str, workload: Workload) -> None:
    """Passes that see all of a proxy, every label and address of it, make the same of it."""
    resources = check(world, istio=release)[0].resources
    told = alone(resources, release).egress(workload)
    with (
        mock.patch.object(ProxyProjection, "of", lambda self, proxy: proxy),
        mock.patch.object(Registry, "_addresses_that_matter", workload.addresses),
    ):
        assert differences(told, alone(resources, release).egress(workload), []) == []


@pytest.mark.hypothesis
@given(world=strategies.worlds(min_size=3), release=releases, crowd=crowds())
@example(
    world=[MeshConfig(outbound_traffic_policy={"mode": "ALLOW_ANY_DYNAMIC_DNS"})],
    release="1.31",
    crowd=[Workload("shop"), Workload("default")],
)
def test_parts_that_are_equal_are_one(world: World, release: str, crowd: list[Workload]) -> None:
    """Of any two workloads, whatever their namespaces: parts that nobody can tell apart are the same object."""
    resources = check(world, istio=release)[0].resources
    for other in crowd[1:]:
        mesh = alone(resources, release)
        mine, theirs = (parts(mesh.egress(one).table) for one in (crowd[0], other))
        apart = [name for name, part in mine.items() if name in theirs and part is not theirs[name]]
        same = [name for name in apart if mine[name] == theirs[name]]
        assert [name for name in same if list(places_of(mine[name])) == list(places_of(theirs[name]))] == []


def test_every_field_of_a_proxy_is_seen_by_somebody() -> None:
    """What no projection names would never reach a pass."""
    whole = table_projections(Scope("shop", None, (), {}), frozenset()).table
    assert {*whole.fields, "labels"} == {field.name for field in fields(Proxy)}


MANY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: shop, creationTimestamp: 2024-01-02T00:00:00Z}
spec:
  hosts: [b.com]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec:
  hosts: [a.com]
  http:
    - {match: [{sourceLabels: {team: red}}], directResponse: {status: 418}}
    - {route: [{destination: {host: a.com}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: d, namespace: shop, creationTimestamp: 2024-01-01T00:00:00Z}
spec: {host: b.com, workloadSelector: {matchLabels: {tier: front}}, subsets: [{name: v1}]}
"""


def test_labels_that_no_rule_wants_make_no_table() -> None:
    """A rule wants one value of a label: all the others are the same to it."""
    mesh = check(MANY)[0]
    teams = ("red", "green", "blue", "yellow")
    tables = [mesh.egress("shop", labels={"team": team, "pod": team}).table for team in teams]
    assert len({id(table) for table in tables}) == 2
    assert tables[1] is tables[2] is tables[3]


def test_what_labels_do_not_choose_is_one_object() -> None:
    """Labels that choose routes leave listeners, clusters and all other virtual hosts as they are."""
    mesh = check(MANY)[0]
    plain, red = (mesh.egress("shop", labels=labels).table for labels in ({}, {"team": "red"}))
    assert plain.clusters is red.clusters
    assert all(one is other for one, other in zip(plain.listeners, red.listeners, strict=True))
    hosts = [{host.name: host for host in table.route_configurations["80"].virtual_hosts} for table in (plain, red)]
    assert [name for name in hosts[0] if hosts[0][name] is not hosts[1][name]] == ["a.com:80"]


def test_labels_that_choose_a_rule_change_its_clusters_alone() -> None:
    """The clusters of every other service stay, and so does the rest of the table."""
    mesh = check(MANY)[0]
    plain, front = (mesh.egress("shop", labels=labels).table for labels in ({}, {"tier": "front"}))
    assert plain.route_configurations["80"] is front.route_configurations["80"]
    assert {*front.clusters} - {*plain.clusters} == {"outbound|80|v1|b.com", "outbound|443|v1|b.com"}
    assert front.clusters["outbound|80||a.com"] is plain.clusters["outbound|80||a.com"]


def test_what_is_shared_is_laid_out_once() -> None:
    """The matching tables of listeners and domains are one, whoever holds them; only routes differ."""
    mesh = check(MANY)[0]
    layout = [mesh.tables_of(Workload("shop", labels=labels)).program.layout.layout for labels in ({}, {"team": "red"})]
    nodes = [[row.node for row in one.listeners] for one in layout]
    assert all(one is other for one, other in zip(*nodes, strict=True))
    domains = [[chain.routes.domains for chain in one.http_chains.values()] for one in layout]
    assert domains[0][0] is domains[1][0]


ONLY_RED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: only, namespace: shop, creationTimestamp: 2024-01-03T00:00:00Z}
spec:
  hosts: [b.com]
  http: [{match: [{sourceLabels: {team: red}}], directResponse: {status: 418}}]
"""


@pytest.mark.parametrize("first", [pytest.param("red", id="it applies"), pytest.param("blue", id="it does not")])
def test_a_rule_that_applies_to_some_leaves_all_other_hosts(first: str) -> None:
    """Where none of its routes hold the host has the routes of its service, and nothing else changes."""
    mesh = check(MANY + "---" + ONLY_RED)[0]
    views = {team: mesh.tables_of(Workload("shop", labels={"team": team})) for team in (first, "red", "blue", "green")}
    hosts = {team: views[team].program.table.route_configurations["80"].virtual_hosts for team in views}
    assert hosts["blue"] is hosts["green"]
    apart = [red.name for red, blue in zip(hosts["red"], hosts["blue"], strict=True) if red is not blue]
    assert apart == ["a.com:80", "b.com:80"]
    told = {team: str(mesh.egress("shop", labels={"team": team}).decide("http://b.com/")) for team in views}
    assert told == {"red": "418 direct_response", "blue": "outbound|80||b.com", "green": "outbound|80||b.com"}
    domains = {id(chain.routes.domains) for view in views.values() for chain in _http_chains(view)}
    assert len(domains) == 1


def _http_chains(view: WorkloadTables) -> Sequence[HttpChain]:
    return list(view.program.layout.layout.http_chains.values())


HEADLESS = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, ports: [{name: tcp, port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: local, namespace: shop}
spec: {clusterIP: 10.96.0.9, internalTrafficPolicy: Local, ports: [{name: http, port: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
ports: [{name: tcp, port: 5432}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: local-1, namespace: shop, labels: {kubernetes.io/service-name: local}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.3], targetRef: {kind: Pod, name: local-0, namespace: shop}}]
---
apiVersion: v1
kind: Pod
metadata: {name: local-0, namespace: shop}
spec: {nodeName: near}
status: {podIP: 10.0.0.3}
"""


def test_a_pod_has_all_listeners_but_its_own() -> None:
    """Each pod of a headless service has the listeners of all the others, and they are the same objects."""
    mesh = check(HEADLESS)[0]
    addresses = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
    tables = [mesh.egress("shop", addresses=[address]).table for address in addresses]
    named = [[one.name for one in table.listeners if one.port == 5432] for table in tables]
    assert named == [["10.0.0.2_5432"], ["10.0.0.1_5432"], ["10.0.0.1_5432", "10.0.0.2_5432"]]
    objects = {id(one) for table in tables for one in table.listeners}
    assert len(objects) == len(tables[2].listeners)
    assert tables[0].clusters is tables[1].clusters


def test_nodes_matter_where_they_run_what_only_they_are_told_of() -> None:
    """All other nodes are one; the cluster of a service that stays on the node is all that differs."""
    mesh = check(HEADLESS)[0]
    far, farther, near = (
        mesh.egress("shop", metadata={"NODE_NAME": node}).table for node in ("far", "farther", "near")
    )
    assert far is farther
    assert [name for name in near.clusters if near.clusters[name] is not far.clusters[name]] == [
        "outbound|8080||local.shop.svc.cluster.local"
    ]


def test_threads_that_ask_at_once_are_told_the_same() -> None:
    """However many begin at the same moment: each label's table is there once, and the parts of all are one."""
    mesh = check(MANY)[0]
    start = threading.Barrier(8)
    found: list[tuple[str, object]] = []

    def ask(team: str) -> None:
        start.wait()
        egress = mesh.egress("shop", labels={"team": team})
        found.append((str(egress.decide(Request.http("a.com", address="192.0.2.9"))), egress.table))

    threads = [threading.Thread(target=ask, args=(team,)) for team in ("red", "blue") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer for answer, _ in found} == {"418 direct_response", "outbound|80||a.com"}
    assert len({id(table) for _, table in found}) == 2
