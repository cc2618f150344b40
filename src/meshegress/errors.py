"""The errors, one class for each thing that a caller can do about one.

Data stand in attributes, the sentence in ``str(error)``. Whatever is finer than a class is the code of a
:class:`~meshegress.findings.Finding`.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshegress.findings import Finding, render


class MeshEgressError(Exception):
    """The root of every error that meshegress raises on purpose."""


class ResourceError(MeshEgressError, ValueError):
    """Text, or the resources in it, cannot be used; ``findings`` holds every problem at once, ``hint`` the way out."""

    def __init__(self, findings: Iterable[Finding], hint: str = "") -> None:
        self.findings = tuple(findings)
        self.hint = hint
        super().__init__(self.findings, hint)

    def __str__(self) -> str:
        told = render(self.findings)
        return f"{told}\n{self.hint}" if self.hint else told


class RequestError(MeshEgressError, ValueError):
    """This is not a request: a bad URL, address, port or name. ``value`` is what was given."""

    def __init__(self, value: object, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(value, reason)

    def __str__(self) -> str:
        return f"`{self.value}`: {self.reason}"


class WorkloadError(MeshEgressError, LookupError):
    """There is no workload of this name; ``name`` is what was asked for, ``hint`` what may help."""

    def __init__(self, name: str, reason: str, hint: str = "") -> None:
        self.name = name
        self.reason = reason
        self.hint = hint
        super().__init__(name, reason, hint)

    def __str__(self) -> str:
        told = f"workload `{self.name}`: {self.reason}"
        return f"{told}: {self.hint}" if self.hint else told


class LogFormatError(MeshEgressError, ValueError):
    """The access-log format is wrong, or cannot be read back, at ``format[start:end]``."""

    def __init__(self, format: str, start: int, end: int, reason: str) -> None:
        self.format = format
        self.start = start
        self.end = end
        self.reason = reason
        super().__init__(format, start, end, reason)

    def __str__(self) -> str:
        before, faulty = visible(self.format[: self.start]), visible(self.format[self.start : self.end])
        caret = " " * len(before) + "^" * max(1, len(faulty))
        return f"{self.reason}\n  {before}{faulty}{visible(self.format[self.end :])}\n  {caret}"


class LogParseError(MeshEgressError, ValueError):
    """The line does not fit the format (``reason`` is ``no_match``), or fits it twice (``ambiguous``)."""

    def __init__(self, line: str, format: str, reason: str, detail: str = "") -> None:
        self.line = line
        self.format = format
        self.reason = reason
        self.detail = detail
        super().__init__(line, format, reason, detail)

    def __str__(self) -> str:
        shown = visible(self.line if len(self.line) <= 200 else f"{self.line[:200]}…")
        return f"{self.reason}: {self.detail}: `{shown}`" if self.detail else f"{self.reason}: `{shown}`"


class MissingExtraError(MeshEgressError, ImportError):
    """A feature needs ``pip install meshegress[extra]``; ``extra`` names it."""

    def __init__(self, extra: str) -> None:
        self.extra = extra
        super().__init__(extra)

    def __str__(self) -> str:
        return f"this needs `pip install meshegress[{self.extra}]`"


def visible(text: str) -> str:
    r"""Return *text* on one line and safe for a terminal: what cannot be printed is escaped, odd bytes too.

    >>> visible("a\x1b[31m\udcff")
    'a\\x1b[31m\\xff'
    """
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:
        return f"\\x{ord(character) & 0xFF:02x}"
    return character.encode("unicode_escape").decode("ascii")
