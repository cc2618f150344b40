"""Findings as reports that other programs read: SARIF for code scanning, JUnit for build servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import meshegress
from meshegress.findings import CODES

_LEVELS = {
    meshegress.Severity.ERROR: "error",
    meshegress.Severity.WARNING: "warning",
    meshegress.Severity.INFO: "note",
}


def sarif(findings: Sequence[meshegress.Finding]) -> dict[str, Any]:
    """Return *findings* as a SARIF 2.1.0 log."""
    codes = sorted({finding.code for finding in findings})
    rules = [{"id": code, "shortDescription": {"text": CODES.get(code, code)}} for code in codes]
    driver = {"name": "meshegress", "version": meshegress.__version__, "rules": rules}
    results = [_result(finding) for finding in findings]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def junit(findings: Sequence[meshegress.Finding]) -> str:
    """Return *findings* as a JUnit report: a case for each, a failure for errors and warnings."""
    failing = [finding for finding in findings if finding.severity is not meshegress.Severity.INFO]
    head = f'<testsuite name="meshegress" tests="{max(len(findings), 1)}" failures="{len(failing)}">'
    cases = [_case(finding) for finding in findings] or ['<testcase classname="meshegress" name="nothing was found"/>']
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *(f"  {case}" for case in cases), "</testsuite>"])


def _result(finding: meshegress.Finding) -> dict[str, Any]:
    where = finding.where
    region = {"startLine": where.line, "startColumn": where.column}
    place: dict[str, Any] = {"artifactLocation": {"uri": where.file}}
    if where.line is not None:
        place["region"] = {key: value for key, value in region.items() if value is not None}
    located = [] if where.file.startswith("<") else [{"physicalLocation": place}]
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": _said(finding)},
        "locations": located,
    }


def _case(finding: meshegress.Finding) -> str:
    name = quoteattr(f"{finding.subject} {finding.field}".strip() or str(finding.where))
    case = f"<testcase classname={quoteattr(finding.code)} name={name}"
    if finding.severity is meshegress.Severity.INFO:
        return f"{case}><system-out>{escape(_said(finding))}</system-out></testcase>"
    told = f"{finding.where}: {_said(finding)}"
    return f"{case}><failure type={quoteattr(finding.severity.value)}>{escape(told)}</failure></testcase>"


def _said(finding: meshegress.Finding) -> str:
    said = ": ".join(part for part in (finding.subject, finding.field, finding.message) if part)
    return f"{said} ({finding.cure})" if finding.cure else said
