"""Goal A9: a decision of the whole library, on a request that is ready and on a URL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import median
from urllib.parse import urlsplit

from benchmarks.floor import bare_function
from benchmarks.goals import Result, compare
from benchmarks.hosts import internet_host
from benchmarks.rounds import (
    empty_loop,
    interleaved,
    one_by_one,
    renewed,
    require_equal,
    scalar_nanoseconds,
    without_loop,
)
from meshegress import Egress, Mesh, Request
from meshegress._engine.reference import walk as readable
from meshegress.compiler.program.layout import lay_out_table
from meshegress.resources import ServiceEntry

HOSTS, REQUESTS = 10_000, 3_000
KINDS = ("HTTP", "TLS", "TCP")
PORTS = {"HTTP": 80, "TLS": 443, "TCP": 9000}


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios of both ways to ask, on a mesh of ten thousand hosts or of *largest*."""
    size = min(HOSTS, largest)
    rng = random.Random(f"deciding {size}")
    hosts = list(dict.fromkeys(internet_host(rng) for _ in range(size)))
    egress = Mesh([_entry(number, host) for number, host in enumerate(hosts)]).egress("shop")
    numbers = [rng.randrange(len(hosts)) for _ in range(REQUESTS)]
    for kind in ("mixed", *KINDS):
        chosen = [number for number in numbers if kind in ("mixed", KINDS[number % 3])]
        yield _requests(kind, egress, hosts, chosen)
        yield _urls(kind, egress, hosts, chosen)


def _requests(data: str, egress: Egress, hosts: list[str], numbers: list[int]) -> Result:
    """Return the ratio of deciding requests that are ready."""
    names = renewed([hosts[number] for number in numbers])  # which the network brought, not the resources
    asked = [_request(number, name) for number, name in zip(numbers, names, strict=True)]
    walk, decision = readable.Walk(lay_out_table(egress.table).layout, str), egress.tables.program.decision
    answers = {
        "the entries": [f"outbound|{PORTS[KINDS[number % 3]]}||{hosts[number]}" for number in numbers],
        "the readable walk": [decision(walk.find(request)).cluster for request in asked],
        "decide": [egress.decide(request).cluster for request in asked],
    }
    require_equal(data, answers)
    bare = bare_function()

    def bare_calls(requests: list[Request]) -> None:
        for request in requests:
            bare(egress, request)

    loops = {"the loop": empty_loop, "decide": one_by_one(egress.decide), "bare call": bare_calls}
    times = without_loop(interleaved(loops, lambda: asked, len(asked), rounds=25))
    return compare("A9 request", data, times, "decide", "bare call")


def _urls(data: str, egress: Egress, hosts: list[str], numbers: list[int]) -> Result:
    """Return the ratio of deciding URLs."""
    urls = [_url(number, hosts[number]) for number in numbers]
    expected = [egress.decide(_request(number, hosts[number])) for number in numbers]
    require_equal(data, {"of requests": expected, "of URLs": [egress.decide(url) for url in urls]})
    split = getattr(urlsplit, "__wrapped__", urlsplit)  # without its cache
    times = scalar_nanoseconds({"decide": egress.decide, "from_url": Request.from_url, "urlsplit": split}, urls)
    read, decided = median(times["from_url"]), median(times["decide"])
    obstacle = (
        f"of {decided:.0f} ns, {read:.0f} read the URL; the rest asks what addresses its host may have, and decides"
    )
    return compare("A9 URL", data, times, "decide", "urlsplit", obstacle=obstacle)


def _entry(number: int, host: str) -> ServiceEntry:
    """Return an entry as Git holds it, without an age; a third are HTTP, a third TLS, a third bytes to an address."""
    kind = KINDS[number % 3]
    spec = {"hosts": [host], "resolution": "DNS", "ports": [_port(kind)]}
    if kind == "TCP":
        spec["addresses"] = [_address(number)]
    return ServiceEntry(metadata={"name": f"e{number}", "namespace": "shop"}, spec=spec)


def _port(kind: str) -> dict[str, object]:
    return {"number": PORTS[kind], "name": kind.lower(), "protocol": kind}


def _address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _request(number: int, host: str) -> Request:
    if number % 3 == 0:
        return Request.http(host, "/v1/items?page=7", address="203.0.113.9")
    return Request.tls(host, address="203.0.113.9") if number % 3 == 1 else Request.tcp(_address(number), PORTS["TCP"])


def _url(number: int, host: str) -> str:
    if number % 3 == 2:
        return f"tcp://{_address(number)}:{PORTS['TCP']}"
    return f"{'https' if number % 3 else 'http'}://{host}/v1/items?page=7"
