"""What is found in resources: a code, a place, a sentence and a cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters: an error makes a resource unusable, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in what was loaded: file (or a word for it, such as ``<text>``), line and column from 1.

    >>> str(Source("mesh.yaml", 14, 7))
    'mesh.yaml:14:7'
    >>> str(Source("mesh.yaml"))
    'mesh.yaml'
    """

    file: str = "<python>"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the user: *code*, *where*, the sentence, what it is about, and the cure.

    *subject* names the resource, for example ``ServiceEntry `shop/payments```; *field* the place inside it, for
    example ``spec.hosts[0]``. Either may be empty.

    >>> print(Finding("EG101", Source("m.yaml", 3, 1), "host `*` covers every name", subject="ServiceEntry `a/b`",
    ...               field="spec.hosts[0]", help="name a domain"))
    m.yaml:3:1: ServiceEntry `a/b`: spec.hosts[0]: host `*` covers every name [EG101]
      help: name a domain
    """

    code: str
    where: Source
    message: str
    severity: Severity = Severity.ERROR
    subject: str = ""
    field: str = ""
    help: str = ""

    def __str__(self) -> str:
        parts = [str(self.where), self.subject, self.field, f"{self.message} [{self.code}]"]
        if self.severity is not Severity.ERROR:
            parts.insert(1, self.severity.value)
        line = ": ".join(part for part in parts if part)
        return f"{line}\n  help: {self.help}" if self.help else line


def render(findings: Iterable[Finding]) -> str:
    """Return *findings* as text, a finding after the other."""
    return "\n".join(str(finding) for finding in findings)
