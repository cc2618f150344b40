"""``meshegress explain MESH... URL...``: the walk of requests through the sidecar, and what lost on the way."""

from __future__ import annotations

import argparse

from meshegress.cli.exits import OK, help_end
from meshegress.cli.grammar.mesh import (
    add_mesh_options,
    check_standard_input,
    mesh_configuration,
    open_mesh,
    tell_what_was_read,
)
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.questions import add_question_options, read_questions, split_words
from meshegress.cli.grammar.workload import add_gateway_option, add_workload_options, read_proxy
from meshegress.cli.shown import decision_as_dict, explanation_as_dict

EXAMPLES = (
    "meshegress explain mesh/ https://www.example.com/ --namespace shop",
    "meshegress explain mesh/ tcp://db.example.com:5432 --address 10.0.0.7 -o json",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... URL... [options]"
    parser.description = (
        "Print the walk of requests through a workload's sidecar: what was found at each stage, and why."
    )
    parser.epilog = help_end(EXAMPLES)
    parser.add_argument("words", nargs="*", metavar="MESH, URL", help="the resources, and what is asked")
    add_mesh_options(parser)
    add_workload_options(parser)
    add_gateway_option(parser)
    add_question_options(parser)
    add_printing_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the walks, one after the other."""
    sources, urls = split_words(arguments.words, has_requests=arguments.requests is not None)
    check_standard_input(sources, arguments.mesh, arguments.requests)
    with Printer(arguments) as printer:
        questions = read_questions(arguments, urls, printer)
        mesh = open_mesh(arguments, sources, printer)
        egress = read_proxy(arguments, mesh, printer)
        explained = ((question, egress.explain(question.request)) for question in questions)
        if printer.is_text:
            printer.line(mesh_configuration(mesh, egress))
            for _, explanation in explained:
                printer.line(str(explanation))
        else:
            printer.documents(
                (
                    {
                        **decision_as_dict(mesh, egress, question.asked, explanation.decision),
                        "explanation": explanation_as_dict(explanation),
                    }
                    for question, explanation in explained
                ),
                is_list=arguments.requests is not None or len(urls) > 1,
            )
        tell_what_was_read(mesh, printer)
    return OK
