"""``meshegress conformance FILE...``: compare the library with recorded answers."""

from __future__ import annotations

import argparse
import json


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="vectors: JSON lines, plain, gzip or xz")
    parser.add_argument("--first", type=int, metavar="N", help="print the first N differences only")
    parser.add_argument("--only", metavar="ID", help="run one record or check, such as s001, s001@1.30, s001@1.30/c4")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the files and return 1 where something differs."""
    from meshegress.testing.conformance.runner import run

    report = run(arguments.files, only=arguments.only)
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=2))
        return 1 if report.differing else 0
    for result in [*report.differing[: arguments.first], *report.skipped]:
        print(result)
    if report.known:
        print(f"{len(report.known)} known: upstream leaves them undefined")
    print(report.closing_line)
    return 1 if report.differing else 0
