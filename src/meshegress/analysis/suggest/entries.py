"""A ServiceEntry for a need: TLS for server names, HTTP for plaintext hosts, addresses for what has no name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from meshegress.analysis.suggest.needs import Need

#: Of several protocols on one port of a host only one can be declared; TLS first, since HTTP in it stays unseen.
_RANKS = ("TLS", "HTTP", "TCP")
_LONGEST_NAME = 63
#: How the hosts of entries end that are for addresses: no name of the Internet does (RFC 6761).
UNNAMED = ".invalid"


def entry_of(
    need: Need, home: str, export_to: Sequence[str] | None, *, taken: Collection[tuple[str, str]]
) -> dict[str, Any]:
    """Return the entry for *need* in namespace *home* as a document, under a name that is not *taken* there.

    *export_to* says who sees it; None leaves that to the mesh.
    """
    ports = _ports(need)
    host = need.host or f"{_unnamed(need, ports)}{UNNAMED}"
    spec: dict[str, Any] = {"hosts": [host]}
    if need.addresses:
        spec["addresses"] = sorted(need.addresses)
    spec["ports"] = [
        {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol} for number, protocol in ports
    ]
    spec["location"] = "MESH_EXTERNAL"
    spec["resolution"] = "NONE" if need.addresses or host.startswith("*") else "DNS"
    if export_to is not None:
        spec["exportTo"] = list(export_to)
    name = free_name(need.host or _unnamed(need, ports), home, taken)
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": name, "namespace": home},
        "spec": spec,
    }


def free_name(host: str, namespace: str, taken: Collection[tuple[str, str]]) -> str:
    """Return a name for the entry of *host* that no other entry of *namespace* has.

    >>> free_name("*.Example.com", "shop", {("shop", "any-example-com")})
    'any-example-com-2'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", host.lower().replace("*", "any")).strip("-")[:_LONGEST_NAME].strip("-")
    name, number = plain or "entry", 1
    while (namespace, name) in taken:
        number += 1
        name = f"{plain[: _LONGEST_NAME - 6]}-{number}"
    return name


def _unnamed(need: Need, ports: Iterable[tuple[int, str]]) -> str:
    marks = "-".join(f"{protocol.lower()}-{number}" for number, protocol in ports)
    family = "-v6" if any(":" in address for address in need.addresses) else ""
    return f"{marks}{family}-{min(need.namespaces)}"


def _ports(need: Need) -> list[tuple[int, str]]:
    chosen: dict[int, str] = {}
    for number, protocol in sorted(need.ports, key=lambda port: (port[0], _RANKS.index(port[1]))):
        chosen.setdefault(number, protocol)
    return sorted(chosen.items())
