"""Goal A8: the longest prefix of an address, against pytricia."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address, ip_network

from benchmarks.goals import Result, compare
from benchmarks.rounds import listed, require_equal, scalar_nanoseconds
from meshegress import _fastmatch as compiled
from meshegress import _purematch as readable

REQUESTS = 20_000
SIZES = {"10": 10, "1k": 1000, "100k": 100_000}
LENGTHS = {4: (8, 16, 20, 22, 24, 24, 24, 28, 32), 6: (29, 32, 36, 40, 44, 48, 48, 48, 64)}
BITS = {4: 32, 6: 128}


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios of both families, on tables of up to *largest* prefixes."""
    for version in (4, 6):
        for name, size in SIZES.items():
            if size <= largest:
                yield _lookups(version, name, size)


def _address(version: int, rng: random.Random) -> IPv4Address | IPv6Address:
    """Return an address anywhere in IPv4, or where providers of IPv6 are."""
    return IPv4Address(rng.getrandbits(32)) if version == 4 else IPv6Address(0x2A00 << 112 | rng.getrandbits(112))


def _lookups(version: int, name: str, size: int) -> Result:
    rng = random.Random(f"{version} {size}")
    prefixes: dict[str, None] = {}
    while len(prefixes) < size:
        prefixes[str(ip_network((_address(version, rng), rng.choice(LENGTHS[version])), strict=False))] = None
    networks = [ip_network(prefix) for prefix in prefixes]
    inside = (rng.choice(networks) for _ in range(REQUESTS))
    addresses = [str(network[rng.randrange(network.num_addresses)]) for network in inside]
    addresses[::4] = (str(_address(version, rng)) for _ in addresses[::4])

    table = compiled.PrefixTable([[prefix] for prefix in prefixes])
    tree = import_module("pytricia").PyTricia(BITS[version])
    for row, prefix in enumerate(prefixes):
        tree[prefix] = row
    slow = readable.PrefixTable([[prefix] for prefix in prefixes])
    answers = {"readable": slow.find, "compiled": table.find, "pytricia": lambda address: tree.get(address, -1)}
    require_equal(f"IPv{version} {name}", {who: listed(answer)(addresses) for who, answer in answers.items()})
    times = scalar_nanoseconds({"compiled": table.find, "pytricia": tree.get, "readable": slow.find}, addresses)
    return compare(f"A8 IPv{version}", name, times, "compiled", "pytricia")
