"""Validation records: does the library accept, refuse and warn of each object as Istio's webhook did?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshegress.findings import Finding, Severity
from meshegress.loading import check
from meshegress.loading.documents import split_documents
from meshegress.testing.conformance.check import Check

# Istio's own rules; other findings are about what the library models.
ISTIO_RULES = "EG2"


def checks(record: Mapping[str, Any]) -> Iterator[Check]:
    """Give one check for each object of a validation record."""
    yield from object_checks(record)


def object_checks(record: Mapping[str, Any]) -> Iterator[Check]:
    """Give one check for each entry of ``objects`` in *record*, which names the documents of ``config`` in order."""
    parts = [part for part, _, _ in split_documents(record["config"]) if _holds_something(part)]
    world = f"{record['id']}@{record['istio']}"
    for index, expected in enumerate(record["objects"]):
        findings = check(parts[index], istio=record["istio"])[1] if index < len(parts) else ()
        got = verdict(findings)
        asked = {key: expected[key] for key in got}
        note = "; ".join(f"{finding.code} {finding.field}: {finding.message}" for finding in findings)
        yield Check(f"{world}/objects[{index}]", got == asked, asked, got, note)


def verdict(findings: tuple[Finding, ...]) -> dict[str, bool]:
    """Return what *findings* about one object say of it, in the words of the records."""
    return {
        "valid": all(finding.severity is not Severity.ERROR for finding in findings),
        "warns": any(
            finding.severity is Severity.WARNING and finding.code.startswith(ISTIO_RULES) for finding in findings
        ),
    }


def _holds_something(part: str) -> bool:
    lines = (line.strip() for line in part.splitlines())
    return any(line and not line.startswith("#") and line != "---" for line in lines)
