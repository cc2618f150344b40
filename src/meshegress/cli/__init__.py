"""The command ``meshegress``: opens, prints, exits.

One module per subcommand; each has ``add(subparsers)``, which declares its arguments, and ``run(arguments)``, which
returns the exit code: 0 is well, 1 says that something asked for does not hold, 2 that the input is bad.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import meshegress
from meshegress.cli.exits import BAD_INPUT, INTERRUPTED, OK

COMMANDS = ("decide", "check", "log", "conformance")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; whatever goes wrong is one clear message."""
    try:
        return _run(argv)
    except BrokenPipeError:
        _let_go_of_the_pipe()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except (meshegress.MeshEgressError, OSError) as error:
        print(f"meshegress: {error}", file=sys.stderr)
        return BAD_INPUT


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, the subcommands in the order of ``COMMANDS``."""
    parser = argparse.ArgumentParser(
        prog="meshegress", description="Predict where an Istio sidecar sends an outgoing request, and why."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and which twins run, and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        import_module(f"meshegress.cli.{command}").add(subparsers)
    return parser


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = build_parser().parse_args(argv)
        code: int = arguments.run(arguments)
    finally:
        sys.stdout.flush()
    return code


class _Version(argparse.Action):
    """Show the version; the twins are looked for only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and leave."""
        print(f"meshegress {meshegress.__version__} ({meshegress.IMPLEMENTATION})")
        parser.exit(OK)


def _let_go_of_the_pipe() -> None:
    """Keep Python from flushing into a pipe that its reader has closed, as ``head`` does: that would be a message."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
