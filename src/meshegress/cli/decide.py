"""``meshegress decide MESH... URL...``: where requests go, each with one line of why."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from typing import Any

import meshegress
from meshegress.cli.exits import FAILED, OK, UsageError, help_end
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.questions import Question, add_question_options, read_questions, split_words
from meshegress.cli.grammar.workload import add_gateway_option, add_workload_options, read_proxy
from meshegress.cli.shown import decision_as_dict, doubts
from meshegress.naming import ALLOW_ANY_DYNAMIC_DNS_CLUSTER, BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER

OUTCOMES = tuple(outcome.value for outcome in meshegress.Outcome)
FIXED_CLUSTERS = (PASSTHROUGH_CLUSTER, BLACK_HOLE_CLUSTER, ALLOW_ANY_DYNAMIC_DNS_CLUSTER)
EXAMPLES = (
    "meshegress decide mesh/ https://www.example.com/ --namespace shop --label app=cart",
    "meshegress decide cluster.yaml --requests urls.txt -o jsonl --expect service",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... URL... [options]"
    parser.description = "Predict where a workload's sidecar sends requests. This is not a security boundary."
    parser.epilog = help_end(EXAMPLES, failed="--expect does not hold")
    parser.add_argument("words", nargs="*", metavar="MESH, URL", help="the resources, and what is asked")
    add_mesh_options(parser)
    add_workload_options(parser)
    add_gateway_option(parser)
    add_question_options(parser)
    add_printing_options(parser)
    group = parser.add_argument_group("the verdict")
    group.add_argument(
        "--expect",
        metavar="WORD",
        help="a cluster, or an outcome such as blackhole, that each answer must be, or the exit code is 1",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decide the requests, print the answers, and compare them with the expectation."""
    expected = checked_expectation(arguments.expect)
    sources, urls = split_words(arguments.words, has_requests=arguments.requests is not None)
    check_standard_input(sources, arguments.mesh, arguments.requests)
    with Printer(arguments) as printer:
        questions = read_questions(arguments, urls, printer)
        mesh = open_mesh(arguments, sources, printer)
        egress = read_proxy(arguments, mesh, printer)
        failed: list[str] = []
        is_list = arguments.requests is not None or len(urls) > 1
        if printer.is_text:
            _print_text(printer, egress, questions, expected, failed)
        else:
            documents = _documents(mesh, egress, questions, expected, failed)
            printer.documents(documents, is_list=is_list)
        tell_what_was_read(mesh, printer)
        for message in failed:
            printer.failure("expectation", message)
    return FAILED if failed else OK


def checked_expectation(word: str | None) -> str | None:
    """Return *word*, which is the name of a cluster or an outcome.

    Raises UsageError, with all that it could be, where it is neither.
    """
    known = (*OUTCOMES, *FIXED_CLUSTERS)
    if word is None or "|" in word or word in known:
        return word
    close = difflib.get_close_matches(word, known, n=1)
    meant = f" (did you mean `{close[0]}`?)" if close else ""
    raise UsageError(
        f"--expect: `{word}` is neither an outcome nor a cluster{meant}; outcomes: {', '.join(OUTCOMES)}; "
        f"clusters: {', '.join(FIXED_CLUSTERS)}, or such as `outbound|443||www.example.com`"
    )


def is_expected(decision: meshegress.Decision, word: str | None) -> bool:
    """Return whether *decision* is what *word* wants, which is None where anything will do."""
    return word in (None, decision.cluster, decision.outcome.value)


def _print_text(
    printer: Printer,
    egress: meshegress.Egress | meshegress.EgressGateway,
    questions: list[Question],
    expected: str | None,
    failed: list[str],
) -> None:
    """Print each answer with the reason below it; of several, behind what was asked."""
    for question in questions:
        decision = egress.decide(question.request)
        printer.line(f"{question.asked} -> {decision}" if len(questions) > 1 else str(decision))
        printer.line(f"  why: {egress.why(question.request)}")
        for doubt in doubts(decision):
            printer.line(f"  {doubt}")
        _compare(question, decision, expected, failed)


def _documents(
    mesh: meshegress.Mesh,
    egress: meshegress.Egress | meshegress.EgressGateway,
    questions: list[Question],
    expected: str | None,
    failed: list[str],
) -> Iterator[dict[str, Any]]:
    for question in questions:
        decision = egress.decide(question.request)
        _compare(question, decision, expected, failed)
        yield {
            **decision_as_dict(mesh, egress, question.asked, decision),
            "why": egress.why(question.request),
        }


def _compare(question: Question, decision: meshegress.Decision, expected: str | None, failed: list[str]) -> None:
    if not is_expected(decision, expected):
        outcome = "" if decision.outcome.value in str(decision) else f" ({decision.outcome.value})"
        failed.append(f"`{question.asked}`: expected {expected}, and it is {decision}{outcome}")
