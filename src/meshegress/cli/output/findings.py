"""Findings as text, JSON, Markdown or annotations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import meshegress
from meshegress.cli.failures import finding_as_dict
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.output.annotations import LEVELS, annotation
from meshegress.cli.output.reports import junit, sarif

FORMATS = ("text", "json", "jsonl", "markdown", "github")
LINT_FORMATS = (*FORMATS, "sarif", "junit")
MARKDOWN_LIMIT = 60_000
"""A comment on a pull request has room for 65,536 characters."""

_SPECIAL = re.compile(r"[\\*_<>\[\]|]")


def print_findings(printer: Printer, findings: Sequence[meshegress.Finding]) -> None:
    """Print *findings* in the format that was asked for."""
    if printer.format == "markdown":
        printer.line(markdown(findings))
    elif printer.format == "github":
        for finding in findings:
            printer.line(_annotation(finding))
    elif printer.format == "sarif":
        printer.document(sarif(findings))
    elif printer.format == "junit":
        printer.line(junit(findings))
    elif printer.is_text:
        printer.line(summary(findings))
    else:
        printer.documents(map(finding_as_dict, findings), is_list=True)


def summary(findings: Iterable[meshegress.Finding]) -> str:
    """Return the findings as text, and a last line that counts them.

    >>> summary(())
    '0 errors, 0 warnings, 0 infos'
    """
    found = tuple(findings)
    return "\n".join([*(str(finding) for finding in found), counted(found)])


def counted(findings: Iterable[meshegress.Finding]) -> str:
    """Return how many *findings* there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[kind]} {kind.value}{'' if counts[kind] == 1 else 's'}" for kind in meshegress.Severity)


def markdown(findings: Sequence[meshegress.Finding], limit: int = MARKDOWN_LIMIT) -> str:
    """Return *findings* as a table for a pull request, of *limit* characters at most."""
    if not findings:
        return "**Nothing was found in the resources.**"
    lines = [f"**{counted(findings)}**", "", "| | where | what | cure |", "|-|-|-|-|"]
    length = sum(map(len, lines))
    for number, finding in enumerate(findings):
        row = _row(finding)
        length += len(row) + 1
        if length > limit - 40:
            lines += ["", f"and {len(findings) - number} more"]
            break
        lines.append(row)
    return "\n".join(lines)


def _row(finding: meshegress.Finding) -> str:
    code = f"`{finding.code}`"
    what = ": ".join(part for part in (finding.subject, finding.field, finding.message) if part)
    cells = (f"{finding.severity.value} {code}", f"`{finding.where}`", _text(what), _text(finding.cure))
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Return *text* with all that Markdown would read escaped; what stands in backticks is code already."""
    parts = text.split("`")
    parts[::2] = [_SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
    parts[1::2] = [part.replace("|", r"\|") for part in parts[1::2]]
    return "`".join(parts).replace("\r", " ").replace("\n", "<br>")


def _annotation(finding: meshegress.Finding) -> str:
    said = ": ".join(part for part in (finding.subject, finding.field, finding.message) if part)
    message = f"{said}\nhelp: {finding.cure}" if finding.cure else said
    return annotation(LEVELS[finding.severity], message, title=finding.code, place=finding.where)
