"""``meshegress check PATH...``: every problem of the resources, with its place and cure."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable

import meshegress
from meshegress.cli.exits import BAD_INPUT, OK
from meshegress.loading import DEFAULT_NAMESPACE
from meshegress.profiles import PROFILES
from meshegress.rules import VALIDATIONS


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Say what Istio's webhook would say of each object, and what this library does not model."
    parser.epilog = "exit codes: 0 usable, 2 something is not"
    parser.add_argument("paths", nargs="+", metavar="PATH", help="resources: files, folders, or - for standard input")
    parser.add_argument("--istio", choices=PROFILES, default=meshegress.DEFAULT_RELEASE, help="default: %(default)s")
    parser.add_argument(
        "--validation",
        choices=VALIDATIONS,
        default=VALIDATIONS[0],
        help="what judges: the webhook, or the cluster, which is the webhook and the API server's schema",
    )
    parser.add_argument(
        "--namespace", default=DEFAULT_NAMESPACE, help="of objects that name none (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; any error among them is bad input."""
    _, findings = meshegress.check(
        *arguments.paths, namespace=arguments.namespace, istio=arguments.istio, validation=arguments.validation
    )
    if arguments.json:
        print(json.dumps([as_dict(finding) for finding in findings], indent=2))
    else:
        print(summary(findings))
    return BAD_INPUT if any(is_error(finding) for finding in findings) else OK


def summary(findings: Iterable[meshegress.Finding]) -> str:
    """Return the findings as text, and a last line that counts them.

    >>> summary(())
    '0 errors, 0 warnings, 0 infos'
    """
    found = tuple(findings)
    counts = Counter(finding.severity for finding in found)
    counted = [f"{counts[kind]} {kind.value}{'' if counts[kind] == 1 else 's'}" for kind in meshegress.Severity]
    return "\n".join([*(str(finding) for finding in found), ", ".join(counted)])


def is_error(finding: meshegress.Finding) -> bool:
    """Return whether *finding* makes a resource unusable."""
    return finding.severity is meshegress.Severity.ERROR


def as_dict(finding: meshegress.Finding) -> dict[str, object]:
    """Return *finding* as JSON-ready values."""
    where = finding.where
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "subject": finding.subject,
        "field": finding.field,
        "message": finding.message,
        "help": finding.cure,
    }
