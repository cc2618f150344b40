"""A replay for a reader: what stands in the way first, then what hurts, then what nobody could know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from meshegress import Replay
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.requests import ADVICE
from meshegress.analysis.replay.rows import ReplayRow
from meshegress.cli.grammar.printing import Printer

_HEADINGS = {
    Change.BLOCKED: "would be blocked",
    Change.CHANGED_STATUS: "would be answered otherwise",
    Change.MOVED: "would go elsewhere",
    Change.OPENED: "would leave, and do not today",
}


def print_replay(found: Replay, printer: Printer, *, has_candidate: bool, most: int) -> None:
    """Print *found*: as JSON, its rows as JSON lines, or as text with at most *most* rows of each kind (0: all)."""
    if printer.format == "json":
        printer.document(found.as_dict())
    elif printer.format == "jsonl":
        printer.documents((row.as_dict() for row in found.rows), is_list=True)
    else:
        for line in _lines(found, has_candidate=has_candidate, most=most):
            printer.line(line)


def _lines(found: Replay, *, has_candidate: bool, most: int) -> Iterator[str]:
    yield from _summary(found, has_candidate=has_candidate)
    disagreeing = found.disagreeing
    if disagreeing:
        yield ""
        yield "The log says another thing than these files, on which all else stands:"
        yield from _rows(disagreeing, most)
    for change, heading in _HEADINGS.items():
        rows = [row for row in found.of(change) if not row.disagreement]
        if rows:
            yield ""
            yield f"{sum(row.count for row in rows)} requests {heading}:"
            yield from _rows(rows, most)
    undeclared = [row for row in found.of(Change.KEPT) if row.why and not row.disagreement]
    if undeclared and not has_candidate:
        yield ""
        yield "Nothing declares where these go:"
        yield from _rows(sorted(undeclared, key=lambda row: -row.count), most)
    yield from _not_attributable(found.not_attributable)


def _summary(found: Replay, *, has_candidate: bool) -> Iterator[str]:
    span = found.span
    when = f", from {span[0].isoformat()} to {span[1].isoformat()}" if span else ""
    counts = found.counts
    total = sum(row.count for row in found.rows)
    yield f"{total} outbound requests in {len(found.rows)} kinds{when}"
    if found.factor != 1:
        yield f"one line is taken to stand for {found.factor:g} requests, all alike"
    if has_candidate:
        yield ", ".join(f"{counts[change.value]} {change.value}" for change in Change)
    yield f"{counts['disagrees']} of them met another thing than these files say"
    others = [f"{count} {name}" for name, count in sorted(found.not_outbound.items())]
    if others:
        yield f"lines that are not outbound: {', '.join(others)}"
    if found.unread:
        yield f"lines that could not be read: {sum(found.unread.values())}"


def _rows(rows: Sequence[ReplayRow], most: int) -> Iterator[str]:
    shown = rows[:most] if most else rows
    for row in shown:
        yield f"  {row.count:>8}  {row.key.sender} -> {row.key.destination}"
        then = f"; then {row.then}: {row.change.value}" if row.change is not Change.KEPT else ""
        yield f"            was {row.was}; now {row.now}{then}"
        for reason in (*([row.disagreement] if row.disagreement else []), *row.why):
            yield f"            why: {reason}"
    if len(rows) > len(shown):
        yield f"  … and {len(rows) - len(shown)} more kinds of requests"


def _not_attributable(reasons: Mapping[str, int]) -> Iterator[str]:
    if reasons:
        yield ""
        yield f"{sum(reasons.values())} outbound lines cannot be attributed:"
    for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"  {count:>8}  {reason}: {ADVICE[reason]}"
