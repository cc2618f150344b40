"""The names of Gateways in a VirtualService: `mesh`, `namespace/name`, or the older full names."""

from __future__ import annotations

from collections.abc import Sequence

from meshegress.resources.shape import shown
from meshegress.rules.names import domain_fault, is_dns_label
from meshegress.rules.problem import Path, Problem, Problems, fault, warning

MESH = "mesh"


def gateway_name_problems(gateways: Sequence[str], path: Path, *, converted: bool = False) -> Problems:
    """Judge *gateways*; Istio looks no further than the first name without a slash."""
    for index, gateway in enumerate(gateways):
        namespace, slash, name = gateway.partition("/")
        if not slash:
            if "." in gateway:
                yield warning((*path, index), f"{shown(gateway)} is an older form", "write `<namespace>/<name>`")
            yield from fault((*path, index), domain_fault(gateway))
            return
        if not is_dns_label(namespace):
            yield Problem((*path, index), f"{shown(namespace)} is not a namespace", "write `namespace/name`")
        if not name or (not is_dns_label(name) and not converted):
            yield Problem(
                (*path, index), f"{shown(name)} is not a name of a Gateway", "write `name` or `namespace/name`"
            )
