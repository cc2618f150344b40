"""Suggest entries for a log: as few as needed, checked by replaying the log with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.logs import LogSource
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.candidates import with_policy
from meshegress.analysis.replay.replaying import replay
from meshegress.analysis.replay.rows import ReplayRow
from meshegress.analysis.replay.senders import Workloads
from meshegress.analysis.suggest.entries import UNNAMED, entry_of
from meshegress.analysis.suggest.needs import Need, is_needed, needs_of
from meshegress.analysis.suggest.wildcards import joined, public_suffixes
from meshegress.loading import check
from meshegress.mesh import Mesh
from meshegress.naming import ClusterName
from meshegress.resources import ServiceEntry

POLICY = "REGISTRY_ONLY"
Documents = list[tuple[Need, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class SuggestedEntry:
    """An entry, and what speaks for it: how many requests of which clients, and when the first and last came."""

    entry: ServiceEntry
    requests: int
    first: datetime | None
    last: datetime | None
    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The entries for a log; ``unresolved`` are the rows that they do not open, since an entry would take others'."""

    entries: tuple[SuggestedEntry, ...]
    unresolved: tuple[ReplayRow, ...]
    mesh: Mesh


def suggest(
    log: LogSource | Sequence[AccessLogEntry],
    mesh: Mesh,
    workloads: Workloads = None,
    *,
    wildcard_from: int | None = None,
    is_public: bool = False,
) -> tuple[ServiceEntry, ...]:
    r"""Return the entries that *log* needs, so that under REGISTRY_ONLY nothing of it is blocked that left.

    They are seen by the namespaces that sent the requests alone, unless *is_public*. With *wildcard_from* so many names
    of one domain become ``*.domain``, unless anybody can register names there. *log* is read several times; for
    *workloads* see :func:`meshegress.replay`.

    Raises what read_log raises, and MissingExtraError where wildcards are wanted and the list of public suffixes is not
    installed.

    >>> line = (
    ...     b'[2026-11-20T08:15:30.001Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 3 5 4 "-" "-" "-" "a.example.com" '
    ...     b'"203.0.113.9:80" PassthroughCluster 10.8.1.4:50000 203.0.113.9:80 10.8.1.4:40000 - allow_any'
    ... )
    >>> [(entry.spec.hosts, entry.spec.ports[0].protocol) for entry in suggest([line], Mesh())]
    [(('a.example.com',), 'HTTP')]
    """
    found = suggestion(log, mesh, workloads, wildcard_from=wildcard_from, is_public=is_public)
    return tuple(each.entry for each in found.entries)


def suggestion(
    log: Any,
    mesh: Mesh,
    workloads: Workloads = None,
    *,
    wildcard_from: int | None = None,
    is_public: bool = False,
) -> Suggestion:
    """Return what :func:`suggest` does with what speaks for each entry, and with what no entry can open."""
    if not isinstance(log, str | os.PathLike | Sequence):
        log = list(log)
    strict = with_policy(mesh, POLICY)
    needs = needs_of(row for row in replay(log, mesh, strict, workloads).rows if is_needed(row))
    if wildcard_from is not None:
        needs = joined(needs, wildcard_from, public_suffixes())
    documents = _documents(needs, mesh, is_public=is_public)
    while True:
        candidate = with_policy(mesh.with_changes([document for _, document in documents]), POLICY)
        robbers = _robbers(replay(log, strict, candidate, workloads).rows, documents)
        if not robbers:
            break
        # Each round takes at least an address or an entry away, so it ends.
        documents = [each for each in documents if _without(each[1], robbers)]
    after = replay(log, mesh, candidate, workloads)
    return Suggestion(_suggested(documents, candidate), tuple(row for row in after.rows if is_needed(row)), candidate)


def _documents(needs: Iterable[Need], mesh: Mesh, *, is_public: bool) -> Documents:
    """Return an entry for each of *needs* that Istio accepts; names that it refuses, such as a scanner's, have none."""
    taken = {(entry.namespace, entry.name) for entry in mesh.resources.service_entries}
    found: Documents = []
    for need in needs:
        home, export_to = _home(need, mesh)
        document = entry_of(need, home, None if is_public else export_to, taken=taken)
        resources, _ = check(document, istio=mesh.istio, validation="cluster")
        if resources.service_entries:
            taken.add((document["metadata"]["namespace"], document["metadata"]["name"]))
            found.append((need, document))
    return found


def _home(need: Need, mesh: Mesh) -> tuple[str, Sequence[str] | None]:
    """Return the namespace for the entry of *need*, and who is to see it: its clients.

    Where they see an entry of the same host already, theirs goes beside it, for the same eyes: of the services of one
    host in two namespaces a client has only one, and of two that are exported differently only one has clusters.
    """
    index = mesh.registry().index
    for namespace, owner in sorted(index.by_host.get(need.host or "", {}).items()):
        if all(index.is_visible(owner, client) for client in need.namespaces):
            return namespace, sorted(owner.export_to) or None
    home = min(need.namespaces)
    return home, ["." if namespace == home else namespace for namespace in sorted(need.namespaces)]


def _robbers(rows: Iterable[ReplayRow], documents: Documents) -> dict[str, set[str | None]]:
    """Return which hosts of *documents* take requests that something else got before, and at which addresses.

    Where none of them is the new destination, all that are on the port of the request are taken to have a part in it.
    """
    ports: dict[int, set[str]] = {}
    for _, document in documents:
        for port in document["spec"]["ports"]:
            ports.setdefault(port["number"], set()).update(document["spec"]["hosts"])
    hosts = {host for each in ports.values() for host in each}
    found: dict[str, set[str | None]] = {}
    for row in rows:
        if row.change not in (Change.MOVED, Change.BLOCKED):
            continue
        names = {name.host for name in map(ClusterName.parse, dict(row.then.clusters)) if name is not None}
        by_address = {host for host in names & hosts if host.endswith(UNNAMED)}
        for host in by_address:
            found.setdefault(host, set()).add(row.sample.address)
        if not by_address:
            for host in {*names, row.key.host or ""} & hosts or ports.get(row.key.port, set()):
                found.setdefault(host, set())
    return found


def _without(document: dict[str, Any], robbers: Mapping[str, set[str | None]]) -> bool:
    """Take the addresses at which *document* takes others' requests out of it; return whether anything is left.

    By a name it takes them everywhere.
    """
    spec = document["spec"]
    stolen = robbers.get(spec["hosts"][0])
    if stolen is None:
        return True
    left = [address for address in spec.get("addresses", ()) if address not in stolen]
    is_less = 0 < len(left) < len(spec.get("addresses", ()))
    if is_less:
        spec["addresses"] = left
    return is_less


def _suggested(documents: Documents, candidate: Mesh) -> tuple[SuggestedEntry, ...]:
    entries = {(entry.namespace, entry.name): entry for entry in candidate.resources.service_entries}
    return tuple(
        SuggestedEntry(
            entries[document["metadata"]["namespace"], document["metadata"]["name"]],
            need.requests,
            need.first,
            need.last,
            tuple(sorted(need.clients)),
        )
        for need, document in documents
    )
