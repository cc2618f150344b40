"""What of the entries no request of a log needed."""

from __future__ import annotations

from meshegress import Mesh, load
from meshegress.analysis.unused import unused

ENTRIES = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: used}
spec:
  hosts: [a.example.com, b.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: idle}
spec:
  hosts: [c.example.com]
  ports: [{number: 8443, name: tls, protocol: TLS}]
  resolution: DNS
"""
#: Nothing is sent to it, and yet it matters: without it a wider entry would get the request of a fault.
FAULT = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: fault}
spec:
  hosts: [c.example.com]
  http: [{directResponse: {status: 418}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: answered}
spec:
  hosts: [c.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""


def line(host: str, cluster: str, second: int = 0) -> bytes:
    """Return a line of a plaintext request."""
    return (
        f'[2026-11-20T08:15:{second:02}.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 10 20 5 - "-" "curl" "-" '
        f'"{host}" "203.0.113.7:80" {cluster} 10.8.1.4:50000 203.0.113.7:80 10.8.1.4:40000 - default'
    ).encode()


def shown(mesh: Mesh, *lines: bytes) -> list[tuple[str, tuple[str, ...], tuple[int, ...], bool]]:
    """Return what is not used of *mesh*, by name, hosts and ports."""
    found = unused(list(lines), mesh).entries
    return [(each.entry.name, each.hosts, each.ports, each.is_whole) for each in found]


def test_hosts_ports_and_whole_entries() -> None:
    """Of an entry that is used it is said which hosts and which ports are not."""
    assert shown(load(ENTRIES), line("a.example.com", "outbound|80||a.example.com")) == [
        ("used", ("b.example.com",), (443,), False),
        ("idle", ("c.example.com",), (8443,), True),
    ]


def test_what_was_used_when_the_log_was_written_is_used() -> None:
    """The files may have changed since, and the log is the witness."""
    found = shown(load(ENTRIES), line("z.example.com", "outbound|8443||c.example.com"))
    assert [name for name, *_ in found] == ["used"]


def test_an_entry_whose_absence_changes_a_decision_is_used() -> None:
    """Nothing is sent to its host, since a rule answers; without the entry the rule would not be there."""
    assert shown(load(FAULT), line("c.example.com", "-")) == []


def test_how_much_it_says() -> None:
    """The time between the first and the last request, and their number."""
    lines = [line("a.example.com", "PassthroughCluster", second) for second in (0, 43)]
    assert unused(lines, load(ENTRIES)).confidence == "no request in 43.0 seconds, among 2"
    assert unused([], load(ENTRIES)).confidence == "no request among 0, of which the log tells no time"
