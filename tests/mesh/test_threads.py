"""Meshes and tables never change: any number of threads may ask, while others put new ones in their place."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from meshegress import AccessLogFormat, Egress, Mesh, Request
from meshegress.resources import Resource, ServiceEntry

GENERATIONS, READERS, HOSTS = 12, 6, 8


@pytest.fixture(autouse=True)
def _hurried() -> Iterator[None]:
    """Let threads take turns a hundred times as often as they do by themselves."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


def entry(number: int, generation: int) -> ServiceEntry:
    """Return an entry whose port says its generation."""
    ports = [{"number": 1000 + generation, "name": "http", "protocol": "HTTP"}]
    spec = {"hosts": [f"h{number}.example.com"], "ports": ports, "resolution": "DNS"}
    return ServiceEntry(metadata={"name": f"e{number}", "namespace": "shop"}, spec=spec)


def entries(generation: int) -> list[Resource]:
    """Return all entries of a generation."""
    return [entry(number, generation) for number in range(HOSTS)]


def answers(egress: Egress, generation: int) -> list[str | None]:
    """Return where the hosts go, as requests and as URLs; all to the port of their own generation."""
    requests = [
        Request.http(f"h{number}.example.com", address="203.0.113.9", port=1000 + generation) for number in range(HOSTS)
    ]
    urls = [f"http://h{number}.example.com:{1000 + generation}/" for number in range(HOSTS)]
    decided = [egress.decide(one) for one in requests] + [egress.decide(url) for url in urls]
    decided += egress.decide_many(requests)
    return [decision.cluster for decision in decided]


def test_readers_see_whole_tables_while_meshes_change() -> None:
    """A reader is told by one table, whichever it holds, while the next is compiled and put in its place."""
    mesh = Mesh(entries(0))
    current = [(0, mesh.egress("shop"))]
    is_over = threading.Event()
    wrong: list[object] = []
    seen: set[int] = set()

    def read() -> None:
        while not is_over.is_set():
            generation, egress = current[0]
            seen.add(generation)
            expected = [f"outbound|{1000 + generation}||h{number}.example.com" for number in range(HOSTS)] * 3
            try:
                found: object = answers(egress, generation)
            except Exception as error:  # a reader that ends would hide what it met
                found = error
            if found != expected:
                wrong.append((generation, found))
                return

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for generation in range(1, GENERATIONS):
        mesh = mesh.with_changes(added=entries(generation))
        current[0] = (generation, mesh.egress("shop"))
    is_over.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen <= set(range(GENERATIONS))


def test_one_table_makes_each_decision_once() -> None:
    """Threads that ask for a decision at the same moment get one object."""
    egress = Mesh(entries(0)).egress("shop")
    request = Request.http("h1.example.com", address="203.0.113.9", port=1000)
    start = threading.Barrier(READERS)
    found: list[object] = []

    def ask() -> None:
        start.wait()
        found.append(egress.decide(request))

    askers = [threading.Thread(target=ask) for _ in range(READERS)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len({id(decision) for decision in found}) == 1


def test_threads_share_a_parser() -> None:
    """Lines that threads read with one parser, and write with one writer, do not mix."""
    log = AccessLogFormat.preset("istio-text")
    parser, write = log.parser(), log.writer()
    line = (
        '[2026-11-22T22:44:33.490Z] "GET /{0} HTTP/1.1" 200 - - - "-" 0 {0} 0 0 "-" "a" "id" "h{0}.com" "1.2.3.4:80" a '
        "10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - -"
    )
    wrong: list[object] = []

    def read(first: int) -> None:
        for number in range(first, first + 300):
            text = line.format(number)
            values = parser.values(text)
            if write(values) != text or parser.parse(text)["BYTES_SENT"] != number:
                wrong.append(number)

    readers = [threading.Thread(target=read, args=(1000 * number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wrong == []
