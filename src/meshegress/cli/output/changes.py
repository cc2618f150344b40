"""What differs between two meshes, as text, JSON, Markdown or annotations."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import meshegress
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.output.annotations import Level, annotation

FORMATS = ("text", "json", "markdown", "github")


def print_difference(
    printer: Printer, found: meshegress.MeshDifference, *, everything: bool, failing: Collection[meshegress.Effect]
) -> None:
    """Print what differs; *everything* has the changes for odd first bytes too, and *failing* effects are errors."""
    most = 1_000_000 if everything else 20
    if printer.format == "json":
        printer.document(found.as_dict())
    elif printer.format == "markdown":
        printer.line(found.markdown(most=most))
    elif printer.format == "github":
        for line in _annotations(found, everything=everything, failing=failing):
            printer.line(line)
    else:
        printer.line(found.text(everything=everything, most=most))


def _annotations(
    found: meshegress.MeshDifference, *, everything: bool, failing: Collection[meshegress.Effect]
) -> Iterator[str]:
    for group in found.groups:
        difference = group.difference
        changes = difference.changes if everything else difference.shown
        for change in changes:
            level = Level.ERROR if change.effect in failing else _LEVELS.get(change.effect, Level.WARNING)
            message = f"{change.sentence} ({group}): {change.before_text} -> {change.after_text}"
            yield annotation(level, message, title=f"egress {change.effect}", place=_place(change))
        for name, (before, after) in difference.names.items():
            message = f"{name} resolves to {', '.join(after) or 'nothing'}, before to {', '.join(before) or 'nothing'}"
            yield annotation(Level.NOTICE, message, title="egress name", place=None)
        for doubt in difference.doubts:
            yield annotation(Level.WARNING, str(doubt), title="egress not proven", place=None)


_LEVELS = {meshegress.Effect.OPENED: Level.NOTICE, meshegress.Effect.NO_LONGER_HANGS: Level.NOTICE}


def _place(change: meshegress.Change) -> meshegress.Source | None:
    """Return where the resource stands that decides now, or else the one that did."""
    for decision in (change.after, change.before):
        origin = decision.governed_by
        place = None if origin is None else origin.host_source or origin.source
        if place is not None:
            return place
    return None
