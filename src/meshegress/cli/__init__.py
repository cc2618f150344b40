"""The command ``meshegress``: opens, prints, exits.

One module per subcommand; each has ``add(parser)``, which declares its arguments, and ``run(arguments)``, which
returns the exit code: 0 is well, 1 says that something asked for does not hold, 2 that the input is bad. A module is
imported only when its subcommand is named: help for all of them waits for nothing.
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

COMMANDS = {
    "decide": "where a request goes, and why",
    "check": "every problem of the resources, with its place and cure",
    "log": "read, write, recognize and explain Envoy access logs",
    "conformance": "compare the library with recorded answers of Istio and Envoy",
}
"""The subcommands in their order, and what each is for."""

_NOT_INSTALLED = ": the compiled parts are not installed; the answers are the same, only slower"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; whatever goes wrong is one clear message."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except SystemExit:  # help was shown, or usage: no need to know the library's own errors
        raise
    except BrokenPipeError:
        _let_go_of_the_pipe()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except (meshegress.MeshEgressError, OSError) as error:
        print(f"meshegress: {error}", file=sys.stderr)
        return BAD_INPUT


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the whole command; of the subcommands, those that *argv* names have their arguments."""
    parser = argparse.ArgumentParser(
        prog="meshegress", description="Predict where an Istio sidecar sends an outgoing request, and why."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and which twins run, and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command, purpose in COMMANDS.items():
        subparser = subparsers.add_parser(command, help=purpose)
        if command in argv:
            import_module(f"meshegress.cli.{command}").add(subparser)
    return parser


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = build_parser(argv).parse_args(argv)
        code: int = arguments.run(arguments)
    finally:
        sys.stdout.flush()
    return code


class _Version(argparse.Action):
    """Show the version and which half runs, which is looked for only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and leave."""
        missing = meshegress.IMPLEMENTATION == "pure" and os.environ.get("MESHEGRESS_PURE") != "1"
        half = f"{meshegress.IMPLEMENTATION}{_NOT_INSTALLED if missing else ''}"
        print(f"meshegress {meshegress.__version__} ({half})")
        parser.exit(OK)


def _let_go_of_the_pipe() -> None:
    """Keep Python from flushing into a pipe that its reader has closed, as ``head`` does: that would be a message."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
