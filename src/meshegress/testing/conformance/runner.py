"""Run vector files: turn each record into checks, count what passed, keep what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshegress import Finding, ResourceError, Source
from meshegress.testing.conformance import accesslog, decisions, validation
from meshegress.testing.conformance.check import Check, Skipped
from meshegress.testing.conformance.files import read_records
from meshegress.testing.conformance.ledger import read_ledger

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: the key that tells it, the keys that it must have, and what turns it into checks."""

    key: str
    required: frozenset[str]
    turns: tuple[Callable[[Record], Iterable[Check | Skipped]], ...]

    def checks(self, record: Record) -> Iterator[Check | Skipped]:
        """Yield the checks of *record*."""
        for turn in self.turns:
            yield from turn(record)


# The first row whose key a record has is its kind.
KINDS = (
    Kind(
        "calls",
        frozenset({"id", "istio", "mesh", "config", "kube", "proxy", "objects"}),
        (validation.checks, decisions.checks),
    ),
    Kind("objects", frozenset({"id", "istio", "config"}), (validation.checks,)),
    Kind("format", frozenset({"case"}), (accesslog.checks,)),
)


@dataclass(slots=True)
class Tally:
    """What came of a run: how many passed, what differs, what upstream leaves undefined, what was skipped."""

    passed: int = 0
    differing: list[Check] = field(default_factory=list)
    known: list[Check] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def closing_line(self) -> str:
        """The counts of checks, as the last line of a run.

        >>> Tally(passed=3).closing_line
        '3 passed, 0 failed, 0 skipped'
        """
        skipped = sum(record.checks for record in self.skipped)
        return f"{self.passed} passed, {len(self.differing)} failed, {skipped} skipped"

    def add(self, result: Check | Skipped, ledger: Mapping[str, str]) -> None:
        """Count *result*; one that differs and stands in *ledger* is known."""
        if isinstance(result, Skipped):
            self.skipped.append(result)
        elif result.passed:
            self.passed += 1
        else:
            (self.known if result.id in ledger else self.differing).append(result)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "passed": self.passed,
            "failed": len(self.differing),
            "skipped": sum(record.checks for record in self.skipped),
            "known": len(self.known),
            "differences": [_as_dict(check) for check in self.differing],
            "skipped_records": [{"id": s.id, "reason": s.reason, "checks": s.checks} for s in self.skipped],
            "known_differences": [_as_dict(check) for check in self.known],
        }


def run(paths: Iterable[str | Path], *, only: str | None = None, ledger: Mapping[str, str] | None = None) -> Tally:
    """Run the vector files at *paths* and report.

    *only* keeps one record or check, by its id with or without the release (``s001``, ``s001@1.30``, ``s001@1.30/c4``).
    *ledger* stands for the one that the package carries.

    Raises ResourceError for a file that is not a vector file.
    """
    report = Tally()
    known = read_ledger() if ledger is None else ledger
    for path in paths:
        for result in _results(path, only):
            report.add(result, known)
    return report


def kind_of(record: Record) -> Kind:
    """Return the kind of *record*. Raises ValueError where it is of none, or lacks a key of its kind."""
    kind = next((kind for kind in KINDS if kind.key in record), None)
    if kind is None:
        raise ValueError(f"a record has one of the keys {', '.join(kind.key for kind in KINDS)}")
    missing = sorted(kind.required - record.keys())
    if missing:
        raise ValueError(f"a record with `{kind.key}` has `{missing[0]}` too")
    return kind


def _results(path: str | Path, only: str | None) -> Iterator[Check | Skipped]:
    for number, record in read_records(path):
        if only is not None and _record_id(only) not in _record_ids(record):
            continue
        try:
            kind = kind_of(record)
        except ValueError as error:
            raise ResourceError([Finding("EG009", Source(str(path), number), str(error))]) from error
        yield from (result for result in _attempt(kind, record) if only is None or only in _names(result.id))


def _attempt(kind: Kind, record: Record) -> Iterator[Check | Skipped]:
    """Yield the checks of *record*; whatever escapes the library is a difference too, and the run goes on."""
    try:
        yield from kind.checks(record)
    except Exception as error:
        identity = str(record.get("id", record.get("case")))
        yield Check(identity, False, "an answer", f"{type(error).__name__}: {error}")


def _record_id(identity: str) -> str:
    """Return the part of *identity* that names a record."""
    return identity.partition("/")[0]


def _record_ids(record: Record) -> set[str]:
    names = {str(record.get("id", record.get("case")))}
    return names | {f"{name}@{record['istio']}" for name in names if "istio" in record}


def _names(identity: str) -> set[str]:
    """Return what a user may call the check *identity*: itself, its record, its record without the release."""
    record = _record_id(identity)
    return {identity, record, record.partition("@")[0]}


def _as_dict(check: Check) -> dict[str, object]:
    return {"id": check.id, "expected": check.expected, "got": check.got, "note": check.note}
