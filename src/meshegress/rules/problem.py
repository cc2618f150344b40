"""What a rule says: a code, a path, a sentence, a cure."""

from __future__ import annotations

from dataclasses import dataclass

from meshegress.findings import Severity

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a rule says of an object: where in it, what, how bad, and the cure."""

    code: str
    path: Path
    message: str
    severity: Severity = Severity.ERROR
    help: str = ""
