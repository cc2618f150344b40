"""Entries for a log: what each destination becomes, who sees it, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from meshegress import Mesh, Workload, load, suggest
from meshegress.analysis.suggest.needs import Need
from meshegress.analysis.suggest.suggesting import suggestion
from meshegress.analysis.suggest.wildcards import joined
from meshegress.resources import ServiceEntry

SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: default}
spec: {egress: [{hosts: ["istio-system/*"]}]}
"""


def http(host: str, port: int = 80, address: str = "203.0.113.7") -> bytes:
    """Return a line of a plaintext request that nothing declares."""
    return (
        f'[2026-11-20T08:15:30.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 10 20 5 - "-" "curl" "-" "{host}" '
        f'"{address}:{port}" PassthroughCluster 10.8.1.4:50000 {address}:{port} 10.8.1.4:40000 - allow_any'
    ).encode()


def tcp(address: str, port: int, server_name: str = "-") -> bytes:
    """Return a line of a connection that nothing declares."""
    return (
        f'[2026-11-20T08:15:30.000Z] "- - -" 0 - - - "-" 10 20 5 - "-" "-" "-" "-" "{address}:{port}" '
        f"PassthroughCluster 10.8.1.4:50000 {address}:{port} 10.8.1.4:40000 {server_name} -"
    ).encode()


def shown(entries: Sequence[ServiceEntry]) -> list[tuple[object, ...]]:
    """Return what of *entries* the tests look at: hosts, addresses, ports, resolution."""
    return [
        (
            entry.spec.hosts[0],
            entry.spec.addresses,
            tuple((port.number, port.protocol) for port in entry.spec.ports),
            entry.spec.resolution.value,
        )
        for entry in entries
    ]


@pytest.mark.parametrize(
    ("lines", "entries"),
    [
        pytest.param([http("a.example.com")], [("a.example.com", (), ((80, "HTTP"),), "DNS")], id="plaintext"),
        pytest.param(
            [tcp("203.0.113.9", 443, "b.example.com")],
            [("b.example.com", (), ((443, "TLS"),), "DNS")],
            id="server name",
        ),
        pytest.param(
            [http("a.example.com:8080", 8080), tcp("203.0.113.9", 443, "A.example.com"), http("a.example.com.")],
            [("a.example.com", (), ((80, "HTTP"), (443, "TLS"), (8080, "HTTP")), "DNS")],
            id="one entry for all ports of a host",
        ),
        pytest.param(
            [tcp("203.0.113.9", 5432), tcp("203.0.113.8", 5432), tcp("203.0.113.9", 5432)],
            [("tcp-5432-default.invalid", ("203.0.113.8", "203.0.113.9"), ((5432, "TCP"),), "NONE")],
            id="one entry for the addresses of a port",
        ),
        pytest.param(
            [http("203.0.113.7")],
            [("http-80-default.invalid", ("203.0.113.7",), ((80, "HTTP"),), "NONE")],
            id="plaintext to an address",
        ),
        pytest.param([http("a_b..c"), http("%00")], [], id="a scanner's names"),
    ],
)
def test_what_a_destination_becomes(lines: list[bytes], entries: list[tuple[object, ...]]) -> None:
    """Each need is one entry, as narrow as what was seen."""
    assert shown(suggest(lines, Mesh())) == entries


def test_what_is_declared_needs_nothing() -> None:
    """Entries that are there are enough; applying the suggestion leaves nothing to suggest."""
    lines = [http("a.example.com"), tcp("203.0.113.9", 5432)]
    first = suggestion(lines, Mesh())
    assert (len(first.entries), suggest(lines, first.mesh)) == (2, ())


def test_entries_are_seen_by_the_clients_alone() -> None:
    """The namespace of the clients has the entry, unless everybody is to see it."""
    (entry,) = suggest([http("a.example.com")], Mesh(), Workload("shop"))
    (public,) = suggest([http("a.example.com")], Mesh(), Workload("shop"), is_public=True)
    assert (entry.namespace, entry.spec.export_to, public.spec.export_to) == ("shop", (".",), ())


def test_several_namespaces_are_named() -> None:
    """The first of them, by name, has the entry."""
    prefixed = [
        b'{"namespace_name": "%b", "log": "%b"}' % (name, http("a.example.com").replace(b'"', b'\\"'))
        for name in (b"shop", b"cart")
    ]
    (entry,) = suggest(prefixed, Mesh(), lambda emitter: Workload(emitter.namespace or "default"))
    assert (entry.namespace, entry.spec.export_to) == ("cart", (".", "shop"))


def test_another_port_of_a_declared_host_is_declared_beside_it() -> None:
    """In the namespace of the client an entry would hide the one that is there, and with it its ports."""
    declared = (
        "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a, namespace: egress}, "
        "spec: {hosts: [a.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}}"
    )
    lines = [http("a.example.com"), tcp("203.0.113.9", 443, "a.example.com")]
    found = suggestion(lines, load(declared), Workload("shop"))
    (each,) = found.entries
    assert (each.entry.namespace, each.entry.spec.export_to, found.unresolved) == ("egress", (), ())


def test_names_that_are_taken_are_left_alone() -> None:
    """An entry of another host may have the name already."""
    taken = (
        "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a-example-com, namespace: default}, "
        "spec: {hosts: [b.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}}"
    )
    (entry,) = suggest([http("a.example.com")], load(taken))
    assert entry.name == "a-example-com-2"


def test_what_no_entry_can_open_is_said() -> None:
    """A Sidecar that does not import the namespace of the client hides every entry there."""
    found = suggestion([http("a.example.com")], load(SIDECAR))
    assert [row.key.destination for row in found.unresolved] == ["http://a.example.com:80"]


def test_the_order_of_lines_does_not_matter() -> None:
    """The same log gives the same entries."""
    lines = [http("b.example.com"), tcp("203.0.113.9", 5432), http("a.example.com"), tcp("203.0.113.8", 5432)]
    assert suggest(lines, Mesh()) == suggest(lines[::-1], Mesh())


def needs(*hosts: str) -> tuple[Need, ...]:
    """Return a need of TLS for each of *hosts*, in one namespace."""
    return tuple(Need(host, ports={(443, "TLS"): 1}, namespaces={"shop"}, requests=1) for host in hosts)


def test_many_names_of_one_domain_become_a_wildcard() -> None:
    """From so many on, and not before."""
    found = joined(needs("a.x.com", "b.x.com", "c.x.com", "a.y.com"), 3, lambda domain: domain == "com")
    assert [(need.host, need.requests) for need in found] == [("*.x.com", 3), ("a.y.com", 1)]


def test_a_public_suffix_is_no_wildcard() -> None:
    """Below it stand the domains of others."""
    found = joined(needs("a.co.uk", "b.co.uk", "c.co.uk"), 2, lambda domain: domain == "co.uk")
    assert [need.host for need in found] == ["a.co.uk", "b.co.uk", "c.co.uk"]


def test_wildcards_of_a_log() -> None:
    """They have no resolution, and need the list of public suffixes."""
    pytest.importorskip("publicsuffixlist")
    lines = [tcp("203.0.113.9", 443, f"{name}.example.com") for name in "abc"]
    lines += [tcp("203.0.113.9", 443, f"{name}.github.io") for name in "abc"]
    found = shown(suggest(lines, Mesh(), wildcard_from=3))
    assert found[0] == ("*.example.com", (), ((443, "TLS"),), "NONE")
    assert [host for host, *_ in found[1:]] == ["a.github.io", "b.github.io", "c.github.io"]
