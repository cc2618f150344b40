"""``meshegress conformance FILE...``: compare the library with recorded answers."""

from __future__ import annotations

import argparse
import json

from meshegress.cli.exits import FAILED, OK, help_end

EXAMPLES = (
    "meshegress conformance answers.jsonl.gz",
    "meshegress conformance answers.jsonl.gz --only s001@1.30 --json",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Compare the library with recorded answers of Istio and Envoy."
    parser.epilog = help_end(EXAMPLES, ok="all answers are as recorded", failed="some differ, or too many are open")
    parser.add_argument("files", nargs="+", metavar="FILE", help="vectors: JSON lines, plain, gzip or xz")
    parser.add_argument("--first", type=int, metavar="N", help="print the first N differences only")
    parser.add_argument("--only", metavar="ID", help="run one record or check, such as s001, s001@1.30, s001@1.30/c4")
    parser.add_argument("--open", action="store_true", help="print the checks whose one answer is one of candidates")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the files and return 1 where something differs, or too much is left open."""
    from meshegress.testing.conformance.runner import run

    report = run(arguments.files, only=arguments.only)
    if arguments.json:
        print(json.dumps(report.as_dict(), indent=2))
        return FAILED if report.has_failed else OK
    listed = [*report.differing[: arguments.first], *report.skipped, *(report.open if arguments.open else ())]
    for result in listed:
        print(result)
    excess = f": at most {report.most_open} may be" if len(report.open) > report.most_open else ""
    print(f"{len(report.open)} open{excess}")
    print(report.closing_line)
    return FAILED if report.has_failed else OK
