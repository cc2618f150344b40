"""A thousand requests against five hundred hosts, on both twins: ``python -m pytest benchmarks --benchmark-only``."""

from __future__ import annotations

from importlib import import_module

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.hosts import traffic
from benchmarks.rounds import renewed


@pytest.mark.parametrize("kind", ["mixed", "kubernetes", "wildcards"])
@pytest.mark.parametrize("twin", ["_fastmatch", "_purematch"])
def test_a_thousand_requests(benchmark: BenchmarkFixture, twin: str, kind: str) -> None:
    """Every request finds the virtual host that the reference twin finds."""
    benchmark.group = f"matcher: 1000 requests, 500 {kind} hosts"
    asked = traffic(kind, 500, requests=1000)
    expected = import_module("meshegress._purematch").DomainTable(asked.rows).find_many(asked.authorities)
    table = import_module(f"meshegress.{twin}").DomainTable(asked.rows)

    def find_all(texts: list[str]) -> list[int]:
        return [table.find(text) for text in texts]

    found = benchmark.pedantic(find_all, setup=lambda: ((renewed(asked.authorities),), {}), rounds=100)
    assert found == expected
