"""The command ``meshegress``: opens, prints, exits.

One module per subcommand; each has ``add(parser)``, which declares its arguments, and ``run(arguments)``, which
returns the exit code (`exits`). What several of them share stands in `grammar`. A module is imported only when its
subcommand is named: help for all of them waits for nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import meshegress
from meshegress.cli.exits import BETWEEN, INTERRUPTED, OK, UsageError
from meshegress.cli.streams import flush_or_let_go, prepare_streams

# Type checkers take it for true; to import it from typing would take longer than all the rest of a help page.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, NoReturn

COMMANDS = {
    "decide": "where requests go, each with one line of why",
    "explain": "the walk of a request through the sidecar, with all that lost on the way",
    "follow": "the journey of a request over an egress gateway, and where it ends",
    "clusters": "what leaves a proxy, cluster by cluster, and which rule makes it so",
    "check": "every problem of the resources, with its place and cure",
    "export-command": "the line of shell that exports a whole cluster",
    "lint": "what is wrong with the resources, whom it hurts, and a request that shows it",
    "diff": "what becomes of requests otherwise, for whom, and because of what",
    "replay": "what logged requests meet, today and under other files or another policy",
    "suggest": "the ServiceEntries with which REGISTRY_ONLY blocks nothing of a log",
    "unused": "the ServiceEntries that no request of a log needed",
    "log": "read, write, recognize and explain Envoy access logs",
    "conformance": "compare the library with recorded answers of Istio and Envoy",
}
"""The subcommands in their order, and what each is for."""

_NOT_INSTALLED = ": the compiled parts are not installed; the answers are the same, only slower"
_JSON = ("json", "jsonl")
_TWO_SIDES = ("diff",)  # the verbs for which `--` stands between two lists of words, and options may follow it


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line *argv* and return its exit code; whatever goes wrong is one clear message."""
    given = sys.argv[1:] if argv is None else list(argv)
    prepare_streams()
    try:
        return _run(given)
    except SystemExit:  # help was shown: no need to know the library's own errors
        raise
    except BrokenPipeError:
        flush_or_let_go()
        return OK
    except KeyboardInterrupt:
        flush_or_let_go()
        return INTERRUPTED
    except Exception as error:
        from meshegress.cli.failures import report

        flush_or_let_go()
        return report(error, as_json=wants_json(given))


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the whole command; of the subcommands, the one that *argv* names has its arguments."""
    parser = _Parser(
        prog="meshegress", description="Predict where an Istio sidecar sends an outgoing request, and why."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and which twins run, and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    named = _verb(argv)
    for command, purpose in COMMANDS.items():
        subparser = subparsers.add_parser(
            command, help=purpose, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )
        if command == named:
            import_module(f"meshegress.cli.{command.replace('-', '_')}").add(subparser)
    return parser


def _verb(argv: Sequence[str]) -> str | None:
    return next((word for word in argv if not word.startswith("-")), None)


def wants_json(argv: Sequence[str]) -> bool:
    """Return whether *argv* asks for JSON, so that errors are JSON too, those of usage included.

    >>> wants_json(["check", "-", "-o", "json"]), wants_json(["check", "--output=text"])
    (True, False)
    """
    pairs = zip(argv, [*argv[1:], ""], strict=False)
    return any(
        word == "--json"
        or (word in ("-o", "--output") and following in _JSON)
        or (word.startswith(("-o", "--output=")) and word.removeprefix("--output=").removeprefix("-o") in _JSON)
        for word, following in pairs
    )


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = build_parser(argv).parse_args(argv)
        code: int = arguments.run(arguments)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, and whose options may stand between its arguments."""

    _is_reading = False
    _has_verbs = False

    def add_subparsers(self, **options: Any) -> Any:
        """Remember that words are verbs here, whose own parser has to read what follows them."""
        self._has_verbs = True
        return super().add_subparsers(**options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read options between arguments, too: ``decide mesh/ --namespace shop http://a.com/``."""
        if self._has_verbs and _verb(args) in _TWO_SIDES:
            args = [BETWEEN if word == "--" else word for word in args]
        if self._has_verbs or self._is_reading:
            return super().parse_known_args(args, namespace)
        self._is_reading = True
        try:
            arguments, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_reading = False
        if unknown:
            self.error(f"there is no option `{unknown[0]}` here")
        return arguments, unknown

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, for one place to say it."""
        raise UsageError(message, self.format_usage())


class _Version(argparse.Action):
    """Show the version and which half runs, which is looked for only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and leave."""
        missing = meshegress.IMPLEMENTATION == "pure" and os.environ.get("MESHEGRESS_PURE") != "1"
        half = f"{meshegress.IMPLEMENTATION}{_NOT_INSTALLED if missing else ''}"
        print(f"meshegress {meshegress.__version__} ({half})")
        parser.exit(OK)
