"""The rules against what Istio's webhook said of each object, in the recordings that the tests carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshegress.testing.conformance.files import read_records
from meshegress.testing.conformance.validation import checks

RECORDED = Path(__file__).parents[1] / "data" / "validation.jsonl.xz"
RECORDS = [record for _, record in read_records(RECORDED)]


@pytest.mark.parametrize("release", sorted({record["istio"] for record in RECORDS}))
def test_objects_are_judged_as_istio_judges_them(release: str) -> None:
    """Each object is accepted, refused and warned of as recorded."""
    failed = [
        str(check) for record in RECORDS if record["istio"] == release for check in checks(record) if not check.passed
    ]
    assert failed == []
