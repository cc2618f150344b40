"""Findings that somebody decided to live with: in a comment, or in an annotation, each with a reason.

``# meshegress: ignore EG401 because ...`` counts on the line of the finding, right above it, or above the whole object;
the annotation ``meshegress.io/ignore: "EG401: ..."`` counts for the object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from meshegress.analysis.lint.finding import MeshFinding, finding
from meshegress.analysis.lint.survey import Identity, identity_of
from meshegress.findings import Source
from meshegress.resources import Resource

ANNOTATION = "meshegress.io/ignore"

_COMMENT = re.compile(r"meshegress:\s*ignore\s+((?:EG\d{3}[,\s]*)+)(?:because\b\s*(.*))?", re.IGNORECASE)
_ANNOTATED = re.compile(r"\s*((?:EG\d{3}[,\s]*)+)(?::\s*([^;]*))?")


@dataclass(frozen=True, slots=True)
class Suppression:
    """Codes that are ignored for one object, or for what begins in one of *lines* of it; None for the whole object."""

    about: Identity
    subject: str
    codes: frozenset[str]
    reason: str
    where: Source
    lines: frozenset[int] | None = None

    def covers(self, found: MeshFinding) -> bool:
        """Return whether *found* is ignored by this."""
        if found.about != self.about or found.code not in self.codes or not self.reason:
            return False
        return self.lines is None or (found.where.file == self.where.file and found.where.line in self.lines)


def suppressed(
    findings: Sequence[MeshFinding], resources: Iterable[Resource], *, tells_unused: bool
) -> tuple[list[MeshFinding], int]:
    """Return *findings* without those that are ignored, and how many these are.

    What is ignored without a reason counts, and is a finding itself; so is, with *tells_unused*, what is not there.
    """
    rows = [row for resource in resources for row in suppressions_of(resource)]
    kept = [one for one in findings if not any(row.covers(one) for row in rows)]
    used = {id(row) for row in rows for one in findings if row.covers(one)}
    told = [_without_reason(row) for row in rows if not row.reason]
    if tells_unused:
        told += [_unused(row) for row in rows if row.reason and id(row) not in used]
    return [*kept, *told], len(findings) - len(kept)


def suppressions_of(resource: Resource) -> Iterator[Suppression]:
    """Yield what is ignored of *resource*."""
    about, subject = identity_of(resource), resource.subject
    text = resource.metadata.annotations.get(ANNOTATION, "")
    for match in _ANNOTATED.finditer(text):
        where = resource.source("metadata", "annotations", ANNOTATION)
        yield Suppression(about, subject, _codes(match[1]), (match[2] or "").strip(), where)
    comments = resource.comments()
    if not any("meshegress" in comment for _, comment in comments):
        return
    whole = resource.source()
    commented = {line for line, _ in comments}
    for line, comment in comments:
        ignored = _COMMENT.search(comment)
        if ignored is not None:
            below = line + 1
            while below in commented:
                below += 1
            is_whole = whole.line is not None and line <= whole.line
            where = Source(whole.file, line)
            lines = None if is_whole else frozenset({line, below})
            yield Suppression(about, subject, _codes(ignored[1]), (ignored[2] or "").strip(), where, lines)


def _codes(text: str) -> frozenset[str]:
    return frozenset(code.upper() for code in re.findall(r"EG\d{3}", text, re.IGNORECASE))


def _without_reason(row: Suppression) -> MeshFinding:
    message = f"{', '.join(sorted(row.codes))} is ignored without a reason, so it counts"
    return finding("EG421", row.where, message, subject=row.subject, about=row.about)


def _unused(row: Suppression) -> MeshFinding:
    message = f"{', '.join(sorted(row.codes))} is ignored here, and was not found"
    return finding("EG422", row.where, message, subject=row.subject, about=row.about)
