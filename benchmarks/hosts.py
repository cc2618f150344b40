"""The hosts of a mesh and the requests to them, drawn from a fixed seed; several kinds, for no mesh is like another."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.collisions import colliding_names

REQUESTS = 40_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The domains of a mesh, one a row, and the authorities that are asked for."""

    name: str
    domains: tuple[str, ...]
    authorities: list[str]

    @property
    def rows(self) -> list[list[str]]:
        """The rows of a table of these domains."""
        return [[domain] for domain in self.domains]


def label(rng: random.Random, least: int = 3, most: int = 9) -> str:
    """Return a label of a host."""
    return "".join(rng.choices(LETTERS, k=rng.randint(least, most)))


def internet_host(rng: random.Random) -> str:
    """Return a host of two to four labels, 24 characters in the mean."""
    return ".".join(label(rng) for _ in range(rng.choice((2, 3, 3, 3, 4)))) + rng.choice((".com", ".org", ".io"))


def short_host(rng: random.Random) -> str:
    """Return a host of about eight characters."""
    return f"{label(rng, 3, 6)}.{rng.choice(('io', 'de', 'co'))}"


def service_host(rng: random.Random) -> str:
    """Return the long name of a Kubernetes service, about fifty characters."""
    return f"{label(rng, 5, 14)}-{label(rng, 4, 9)}.{label(rng, 4, 12)}-{rng.randrange(99)}.svc.cluster.local"


def deep_host(rng: random.Random) -> str:
    """Return a host of many labels of which thousands share the end, and some begin anywhere in it."""
    depth = rng.randrange(1, 9)
    return ".".join([label(rng, 1, 2), *"abcdefghij"[:depth][::-1], "shared.internal.example.com"])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of traffic: its hosts, and the parts of wildcards among domains, of exact hits and of misses."""

    host: Callable[[random.Random], str]
    wildcards: float = 0.1
    hits: float = 0.5
    misses: float = 0.25


KINDS = {
    "mixed": Kind(internet_host),
    "short": Kind(short_host),
    "kubernetes": Kind(service_host),
    "wildcards": Kind(internet_host, wildcards=0.8, hits=0.1),
    "misses": Kind(internet_host, hits=0.05, misses=0.9),
    "shared ends": Kind(deep_host, wildcards=0.5, hits=0.2),
}


def traffic(kind: str, size: int, requests: int = REQUESTS) -> Traffic:
    """Return *size* domains of *kind*, and *requests* authorities: exact hits, hosts under wildcards, and misses."""
    if kind == "colliding":
        return _colliding(size, requests)
    rng = random.Random(f"{kind} {size}")
    chosen = KINDS[kind]
    hosts = [chosen.host(rng) for _ in range(size)]
    wild = max(1, int(size * chosen.wildcards))
    domains = tuple(f"*.{host}" if number < wild else host for number, host in enumerate(hosts))
    authorities = []
    for _ in range(requests):
        draw = rng.random()
        if draw < chosen.hits:
            authorities.append(rng.choice(hosts[wild:] or hosts))
        elif draw < 1 - chosen.misses:
            authorities.append(f"{label(rng, 1, 4)}.{hosts[rng.randrange(wild)]}")
        else:
            authorities.append(chosen.host(rng))
    return Traffic(kind, domains, authorities)


def _colliding(size: int, requests: int) -> Traffic:
    """Return domains of which two hundred share a bucket, as somebody could choose them who knew the seed."""
    return _attack("colliding", colliding_names(200, size), size, requests)


def calm(size: int) -> Traffic:
    """Return what ``colliding`` traffic is but for the collisions: as many names of the same kind are asked for."""
    return _attack("calm", [f"n{number:x}" for number in range(0x10000, 0x10000 + 200)], size, REQUESTS)


def _attack(kind: str, names: list[str], size: int, requests: int) -> Traffic:
    rng = random.Random("colliding")
    others = (internet_host(rng) for _ in range(size - len(names)))
    return Traffic(kind, (*names, *others), [rng.choice(names) for _ in range(requests)])
