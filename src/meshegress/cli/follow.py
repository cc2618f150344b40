"""``meshegress follow MESH... URL...``: the journey of requests, over an egress gateway to what leaves there."""

from __future__ import annotations

import argparse

from meshegress.cli.exits import OK, help_end
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.questions import add_question_options, read_questions, split_words
from meshegress.cli.grammar.workload import add_workload_options, read_workload

EXAMPLES = (
    "meshegress follow cluster.yaml http://www.example.com/ --namespace shop",
    "meshegress follow cluster.yaml https://www.example.com/ --namespace shop -o json",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... URL... [options]"
    parser.description = (
        "Follow requests hop by hop: the sidecar, an egress gateway, and what leaves the last proxy known."
    )
    parser.epilog = help_end(EXAMPLES)
    parser.add_argument("words", nargs="*", metavar="MESH, URL", help="the resources, and what is asked")
    add_mesh_options(parser)
    add_workload_options(parser)
    add_question_options(parser)
    add_printing_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the journeys, one after the other."""
    sources, urls = split_words(arguments.words, has_requests=arguments.requests is not None)
    check_standard_input(sources, arguments.mesh, arguments.requests)
    with Printer(arguments) as printer:
        questions = read_questions(arguments, urls, printer)
        mesh = open_mesh(arguments, sources, printer)
        workload = read_workload(arguments, mesh, printer)
        journeys = ((question, mesh.follow(question.request, workload)) for question in questions)
        if printer.is_text:
            for _, journey in journeys:
                printer.line(str(journey))
        else:
            printer.documents(
                ({"asked": question.asked, **journey.as_dict()} for question, journey in journeys),
                is_list=arguments.requests is not None or len(urls) > 1,
            )
        tell_what_was_read(mesh, printer)
    return OK
