"""Run vector files: turn each record into checks, count what passed, keep what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshegress import Finding, ResourceError, Source
from meshegress.testing.conformance import accesslog, decisions, gateways, hops, validation
from meshegress.testing.conformance.check import Check, Skipped
from meshegress.testing.conformance.files import read_records

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


def _decisions(record: Record) -> Iterable[Check]:
    """Return the checks of the decisions of one proxy, which is a gateway if it is a ``router``."""
    is_gateway = record["proxy"].get("type") == "router"
    return gateways.checks(record) if is_gateway else decisions.checks(record)


# The first row whose key a record has is its kind.
KINDS = (
    Kind(
        "gateways",
        frozenset({"id", "istio", "mesh", "config", "kube", "client", "objects", "calls"}),
        (validation.checks, hops.journey_checks),
    ),
    Kind(
        "clusters",
        frozenset({"id", "istio", "mesh", "config", "kube", "proxy", "objects"}),
        (validation.checks, hops.cluster_checks),
    ),
    Kind(
        "calls",
        frozenset({"id", "istio", "mesh", "config", "kube", "proxy", "objects"}),
        (validation.checks, _decisions),
    ),
    Kind("objects", frozenset({"id", "istio", "config"}), (validation.checks,)),
    Kind("format", frozenset({"case"}), (accesslog.checks,)),
)


#: Of an answer that upstream leaves open the vectors hold all that were seen: more open checks than so many, and than
#: that share of all, say that the library names candidates to be safe.
FEW_OPEN, OPEN_SHARE = 5, 0.002


@dataclass(slots=True)
class Tally:
    """What came of a run: how many passed, which of these are open, what differs, what was skipped."""

    passed: int = 0
    open: list[Check] = field(default_factory=list)
    differing: list[Check] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def closing_line(self) -> str:
        """The counts of checks, as the last line of a run.

        >>> Tally(passed=3).closing_line
        '3 passed, 0 failed, 0 skipped'
        """
        skipped = sum(record.checks for record in self.skipped)
        return f"{self.passed} passed, {len(self.differing)} failed, {skipped} skipped"

    @property
    def most_open(self) -> int:
        """How many of the checks may be open."""
        return max(FEW_OPEN, int((self.passed + len(self.differing)) * OPEN_SHARE))

    @property
    def has_failed(self) -> bool:
        """Whether something differs, or more is open than may be."""
        return bool(self.differing) or len(self.open) > self.most_open

    def add(self, result: Check | Skipped) -> None:
        """Count *result*; one that is open is passed, and counted apart."""
        if isinstance(result, Skipped):
            self.skipped.append(result)
        elif result.passed:
            self.passed += 1
            self.open += [result] if result.is_open else []
        else:
            self.differing.append(result)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "passed": self.passed,
            "failed": len(self.differing),
            "skipped": sum(record.checks for record in self.skipped),
            "open": len(self.open),
            "most_open": self.most_open,
            "differences": [_as_dict(check) for check in self.differing],
            "skipped_records": [{"id": s.id, "reason": s.reason, "checks": s.checks} for s in self.skipped],
            "open_checks": [_as_dict(check) for check in self.open],
        }


def run(paths: Iterable[str | Path], *, only: str | None = None) -> Tally:
    """Run the vector files at *paths* and report.

    *only* keeps one record or check, by its id with or without the release (``s001``, ``s001@1.30``, ``s001@1.30/c4``).

    Raises ResourceError for a file that is not a vector file.
    """
    report = Tally()
    for path in paths:
        for result in _results(path, only):
            report.add(result)
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
