"""What istioctl says of recorded worlds is said here, or the reason why not is known; and every witness is a proof."""

from __future__ import annotations

from analysis.lint.parity import linted, records, table

SOME = 40


def test_where_lint_is_quieter_the_reason_is_known() -> None:
    """Most is agreed where it is about egress, and nothing is unexplained."""
    rows, louder, unexplained = table(SOME)
    assert not unexplained
    assert rows["IST0134"]["agreed"] >= 0.8 * rows["IST0134"].total()
    assert rows["IST0173"]["agreed"] >= 0.7 * rows["IST0173"].total()
    assert louder["EG402"]


def test_every_witness_of_recorded_worlds_is_a_proof() -> None:
    """Without the resource it is answered as `before` says."""
    count = 0
    for record in records(SOME):
        mesh, found = linted(record)
        for one in found:
            if one.witness is not None:
                kind, namespace, name = one.about
                removed = {"apiVersion": "networking.istio.io/v1", "kind": kind}
                without = mesh.with_changes(removed=[removed | {"metadata": {"name": name, "namespace": namespace}}])
                workload = one.workloads[0]
                assert without.egress(workload).decide(one.witness) == one.before, str(one)
                assert mesh.egress(workload).decide(one.witness) == one.after != one.before, str(one)
                count += 1
    assert count > 20
