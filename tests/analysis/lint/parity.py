"""What ``istioctl analyze`` said of recorded worlds, beside what lint says: ``python tests/analysis/lint/parity.py``.

A message is *agreed* where lint says something of the same resource, else lint is *quieter*, and the table of reasons
says why. *Louder* are resources of which lint alone says something.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshegress import Mesh, MeshFinding, check, lint
from meshegress.resources import Resource, ServiceEntry, Sidecar, VirtualService

RECORDED = Path(__file__).parents[2] / "data" / "analysis.jsonl.xz"
Record = Mapping[str, Any]

#: Messages that are about no decision of a sidecar, or that ``check`` has.
NOT_ABOUT_EGRESS = {
    "IST0002": "a deprecated field",
    "IST0106": "`check` has it: the webhook refuses it",
    "IST0118": "names of ports of Services",
    "IST0128": "certificates of a DestinationRule",
    "IST0132": "hosts of a Gateway",
    "IST0133": "`check` has it: the webhook warns of it",
    "IST0140": "settings of outliers",
    "IST0174": "a DestinationRule for no host that the analyzer finds: what it says of connections is not compared",
}


def records(every: int = 1) -> Iterator[Record]:
    """Yield recorded worlds, one of *every* so many."""
    with lzma.open(RECORDED, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % every == 0:
                yield json.loads(line)


def linted(record: Record) -> tuple[Mesh, tuple[MeshFinding, ...]]:
    """Return the mesh of *record*, and what lint says of it."""
    text = "\n---\n".join(part for part in (record["config"], record["kube"]) if part)
    mesh, _ = check(text, mesh_config=record["mesh"] or None, istio=record["istio"])
    return mesh, lint(mesh)


def why_quieter(mesh: Mesh, code: str, kind: str, name: str) -> str | None:
    """Return why lint says nothing of a resource that has the message *code*; None where nothing explains it."""
    if code in NOT_ABOUT_EGRESS:
        return NOT_ABOUT_EGRESS[code]
    resource = next(
        (one for one in mesh.resources.each() if one.kind == kind and name == f"{one.namespace}/{one.name}"), None
    )
    return _own_reason(mesh, code, resource) if resource is not None else "the webhook refuses the resource"


def _own_reason(mesh: Mesh, code: str, resource: Resource) -> str | None:
    if isinstance(resource, VirtualService):
        return _of_routes(code, resource)
    if isinstance(resource, Sidecar):
        return {
            "IST0101": "the workloads that it selects are not among the resources",
            "IST0111": "it is the one of several that counts",
        }.get(code)
    if isinstance(resource, ServiceEntry) and code == "IST0134":
        return "leaving it out changes its own hosts alone"
    return {"IST0173": "the subset is sent to, and has endpoints", "IST0101": "a Gateway's selector"}.get(code)


def _of_routes(code: str, routes: VirtualService) -> str | None:
    if routes.spec.gateways and "mesh" not in routes.spec.gateways:
        return "it is for gateways alone"
    return {
        "IST0101": "a host that no request of these workloads is sent to, or a gateway beside `mesh`",
        "IST0109": "it is the one of several that counts",
        "IST0112": "the listener's own port is meant, and its cluster is there",
        "IST0130": "a request comes to the route",
        "IST0131": "a request comes to the match",
    }.get(code)


def table(every: int = 1) -> tuple[dict[str, Counter[str]], Counter[str], Counter[str]]:
    """Return for each code how many messages are agreed and why others are not, and of which codes lint is louder."""
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    louder: Counter[str] = Counter()
    unexplained: Counter[str] = Counter()
    for record in records(every):
        mesh, found = linted(record)
        said = {(one.about[0], f"{one.about[1]}/{one.about[2]}") for one in found}
        flagged = {(message["kind"], message["resource"]) for message in record["messages"]}
        for message in record["messages"]:
            where = message["kind"], message["resource"]
            reason = "agreed" if where in said else why_quieter(mesh, message["code"], *where)
            rows[message["code"]][reason or "?"] += 1
            if reason is None:
                unexplained[f"{record['id']} {message['code']} {where}"] += 1
        for one in found:
            louder[one.code] += (one.about[0], f"{one.about[1]}/{one.about[2]}") not in flagged
    return dict(rows), louder, unexplained


def main() -> None:
    """Print the table."""
    rows, louder, _ = table()
    for code in sorted(rows):
        print(f"{code}: {rows[code].pop('agreed', 0)} agreed")
        for reason, number in rows[code].most_common():
            print(f"    {number} quieter: {reason}")
    print("louder:", ", ".join(f"{code} {number}" for code, number in sorted(louder.items()) if number))


if __name__ == "__main__":
    main()
