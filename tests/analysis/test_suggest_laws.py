"""Laws of suggesting: with the entries nothing of the log is blocked that left, and nothing else is taken."""

from __future__ import annotations

from hypothesis import given

from analysis.test_replay_laws import Written, logs
from meshegress import replay
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.candidates import with_policy
from meshegress.analysis.suggest.suggesting import suggestion


@given(written=logs(is_empty=True))
def test_with_the_entries_nothing_is_blocked(written: Written) -> None:
    """Suggest, apply, replay under REGISTRY_ONLY: of a mesh that declared nothing all that left leaves."""
    mesh, workload, log = written
    found = suggestion(log, mesh, workload)
    assert [str(row) for row in replay(log, mesh, found.mesh, workload).blocked] == []


@given(written=logs())
def test_what_is_blocked_is_said(written: Written) -> None:
    """Whatever is in the way of an entry (a Sidecar, a route, another service), nothing is blocked in silence."""
    mesh, workload, log = written
    found = suggestion(log, mesh, workload)
    blocked = replay(log, mesh, found.mesh, workload).blocked
    assert {row.key for row in blocked} <= {row.key for row in found.unresolved}


@given(written=logs())
def test_the_entries_take_no_other_traffic(written: Written) -> None:
    """What went somewhere under REGISTRY_ONLY without the entries goes there with them."""
    mesh, workload, log = written
    found = suggestion(log, mesh, workload)
    changes = {row.change for row in replay(log, with_policy(mesh, "REGISTRY_ONLY"), found.mesh, workload).rows}
    assert changes <= {Change.KEPT, Change.OPENED, Change.CHANGED_STATUS}
