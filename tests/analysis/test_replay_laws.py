"""Laws of replaying: a log of the library's own disagrees nowhere, and parts together are the whole."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from meshegress import AccessLogEntry, AccessLogFormat, Mesh, Request, RequestError, Workload, read_log, replay
from meshegress.resources import MeshConfig
from meshegress.testing import strategies

FORMAT = AccessLogFormat.preset("istio-text")
Written = tuple[Mesh, Workload, list[AccessLogEntry]]


def log_of(mesh: Mesh, workload: Workload, requests: Sequence[Request]) -> list[AccessLogEntry]:
    """Return what can be read of the lines that the sidecar of *workload* would write for *requests*."""
    egress = mesh.egress(workload)
    lines = []
    for asked in requests:
        request = asked if asked.address is not None else asked.to("198.51.100.9")  # a connection has an address
        try:
            entry = AccessLogEntry.from_decision(egress.decide(request), request)
        except RequestError:  # the sidecar writes no line
            continue
        lines.append(FORMAT.format_bytes(entry))
    return list(read_log(lines, FORMAT))


@st.composite
def logs(draw: st.DrawFn, *, is_empty: bool = False) -> Written:
    """Draw a mesh, one that declares nothing where it *is_empty*, a workload, and what its sidecar logs."""
    world = () if is_empty else draw(strategies.worlds(min_size=2))
    workload = draw(strategies.workloads())
    requests = draw(st.lists(strategies.requests(world), min_size=1, max_size=12))
    mesh = Mesh(world)
    entries = log_of(mesh, workload, requests)
    assume(entries)
    return mesh, workload, entries


@given(written=logs())
def test_a_log_that_the_library_wrote_disagrees_nowhere(written: Written) -> None:
    """What was predicted is what is predicted when it is read back."""
    mesh, workload, log = written
    assert [str(row) for row in replay(log, mesh, workloads=workload).disagreeing] == []


@given(written=logs())
def test_every_line_is_counted_once(written: Written) -> None:
    """Rows, lines of other directions, and lines that nobody can attribute or read, are all lines together."""
    mesh, workload, log = written
    found = replay(log, mesh, workloads=workload)
    others = (found.not_outbound, found.not_attributable, found.unread)
    assert sum(row.lines for row in found.rows) + sum(sum(each.values()) for each in others) == len(log)


@given(written=logs(), cut=st.integers(0, 12))
def test_parts_together_are_the_whole(written: Written, cut: int) -> None:
    """A log in two parts, one of which travelled from another process, gives what the log in one piece gives."""
    mesh, workload, log = written
    whole = replay(log, mesh, "REGISTRY_ONLY", workload)
    parts = [replay(part, mesh, "REGISTRY_ONLY", workload) for part in (log[cut:], log[:cut])]
    assert pickle.loads(pickle.dumps(parts[0])).merge(parts[1]) == whole


@given(written=logs())
def test_what_is_blocked_is_blocked(written: Written) -> None:
    """Each blocked row has a sample that leaves under the mesh, or may, and is stopped under the candidate."""
    mesh, workload, log = written
    strict = Mesh(
        mesh.resources, mesh_config=MeshConfig.model_validate({"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}})
    )
    for row in replay(log, mesh, strict, workload).blocked:
        decision = strict.egress(workload).decide(row.sample)
        assert not all(each.allowed for each in decision.candidates or (decision,))
