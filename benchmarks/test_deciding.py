"""How long a decision takes: a thousand requests against five hundred entries, on the twins that run."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from meshegress import IMPLEMENTATION, Mesh, Request
from meshegress.resources import ServiceEntry

_PORTS = [
    {"number": 80, "name": "http", "protocol": "HTTP"},
    {"number": 443, "name": "tls", "protocol": "TLS"},
    {"number": 9000, "name": "tcp", "protocol": "TCP"},
]
_KINDS = {
    "HTTP": lambda number: Request.http(f"h{number}.example.com", address="203.0.113.9"),
    "TLS": lambda number: Request.tls(f"h{number}.example.com", address="203.0.113.9"),
    "TCP": lambda number: Request.tcp(f"10.0.{number // 250}.{number % 250 + 1}", 9000),
}


def _entry(number: int) -> ServiceEntry:
    hosts, age = [f"h{number}.example.com"], f"2024-01-01T00:{number // 60:02}:{number % 60:02}Z"
    spec = {"hosts": hosts, "ports": _PORTS[:2], "resolution": "DNS"}
    return ServiceEntry(metadata={"name": f"e{number}", "namespace": "shop", "creationTimestamp": age}, spec=spec)


@pytest.mark.parametrize("kind", _KINDS)
def test_a_thousand_decisions(benchmark: BenchmarkFixture, kind: str) -> None:
    """A thousand ready-made requests of one kind against five hundred entries."""
    benchmark.group = f"decide: 1000 {kind} requests, 500 entries"
    egress = Mesh([_entry(number) for number in range(500)]).egress("shop")
    requests = [_KINDS[kind](number) for number in range(1000)]
    answers = benchmark(lambda: [egress.decide(request) for request in requests])
    assert {answer.outcome.value for answer in answers} <= {"service", "passthrough"}, IMPLEMENTATION
