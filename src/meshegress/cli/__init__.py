"""The command ``meshegress``: opens, prints, exits.

One module per subcommand; each has ``add(subparsers)``, which declares its arguments, and ``run(arguments)``, which
returns the exit code: 0 is well, 1 says that something asked for does not hold, 2 that the input is bad.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from meshegress import MeshEgressError
from meshegress.cli.exits import BAD_INPUT, INTERRUPTED, OK

COMMANDS = ("conformance",)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; whatever goes wrong is one clear message."""
    try:
        arguments = build_parser().parse_args(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`| head`): say nothing, and keep Python from flushing into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MeshEgressError, OSError) as error:
        print(f"meshegress: {error}", file=sys.stderr)
        return BAD_INPUT
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, the subcommands in the order of ``COMMANDS``."""
    parser = argparse.ArgumentParser(prog="meshegress", description="Predict where an Istio sidecar sends a request.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        import_module(f"meshegress.cli.{command}").add(subparsers)
    return parser
