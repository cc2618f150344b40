"""Objects that the cluster refuses: left out, and named by the decisions that they could have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from meshegress._match import host_matches
from meshegress.decision import Assumption, Decision
from meshegress.decision.assumptions import REFUSED_OBJECT
from meshegress.loading import Refused, ResourceSet
from meshegress.naming import ClusterName, asked_names
from meshegress.request import Request, Workload

#: Kinds that say on which ports a host is served.
_DECLARING = frozenset({"ServiceEntry", "Service"})


class RefusedObjects:
    """What was refused of a mesh and could have mattered to one workload."""

    def __init__(self, resources: ResourceSet, workload: Workload) -> None:
        root = resources.mesh_config.root_namespace
        self._dns_domain = workload.dns_domain
        self._rows = tuple(row for row in resources.refused if _reaches(row, workload.namespace, root))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def of(self, request: Request, decision: Decision) -> Iterator[Assumption]:
        """Yield what could have given *request* another answer than *decision*."""
        names = {name.lower().rstrip(".") for name in (request.name, request.host, request.sni) if name}
        asked = {form for name in names for form in asked_names(name, self._dns_domain) if "*" not in form}
        ends = _hosts_of((decision.cluster, *(one.cluster for one in decision.destinations)))
        for row in self._rows:
            if _could_matter(row, request, asked, ends):
                reason = f"{row} is refused and left out: the cluster does not have it, or has another version of it"
                yield Assumption(REFUSED_OBJECT, reason)


def _could_matter(row: Refused, request: Request, asked: Collection[str], ends: Collection[str]) -> bool:
    """Return whether *row* could change where a request for one of the names *asked* ends, now at hosts *ends*.

    A wildcard takes nothing from a longer name that serves already.
    """
    if row.kind == "Sidecar":
        return True
    hosts = [host.lower() for host in row.hosts]
    if row.kind in _DECLARING:
        if row.ports and request.port not in row.ports:
            return False
        if request.host is None and request.sni is None:
            return True  # TCP bears no name: whoever comes first has all of the port
        hosts = [host for host in hosts if not any(_is_narrower(end, host) for end in ends)]
    return any(host_matches(host, name) for host in hosts for name in (*asked, *ends))


def _is_narrower(host: str, wildcard: str) -> bool:
    return host != wildcard and wildcard.startswith("*") and host_matches(wildcard, host)


def _reaches(row: Refused, namespace: str, root: str) -> bool:
    """Return whether *row* could matter to workloads of *namespace*, whatever they ask for."""
    if row.kind == "Sidecar":
        return row.namespace in (namespace, root)
    visible = {"." if row.namespace == namespace else "", "*", namespace}
    return not row.export_to or not visible.isdisjoint(row.export_to)


def _hosts_of(clusters: Iterable[str | None]) -> set[str]:
    parsed = (ClusterName.parse(cluster) for cluster in clusters if cluster)
    return {one.host.lower() for one in parsed if one is not None}
