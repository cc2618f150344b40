"""How it is printed: the format, and where it goes. Results go to standard output, all else to standard error."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from meshegress.cli.failures import error_as_dict
from meshegress.cli.streams import ANY_TEXT, complain, harmless


def add_printing_options(parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json", "jsonl")) -> None:
    """Declare in which of *formats* results can be printed, the first unless another is named, and where to."""
    group = parser.add_argument_group("how it is printed")
    group.add_argument(
        "-o", "--output", choices=formats, default=formats[0], help=f"the format (default: {formats[0]})"
    )
    group.add_argument("--json", action="store_const", const="json", dest="output", help="the same as -o json")
    group.add_argument("--out", metavar="FILE", help="where results go (default: standard output)")


class Printer:
    """Prints the results of one command, and notes beside them; a context, at whose end all is written.

    With JSON, standard error has JSON lines, too: notes, and the error if there is one.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.format: str = arguments.output
        self._path: str | None = arguments.out if arguments.out != "-" else None
        self._file: TextIO | None = None
        self._files = ExitStack()
        self._notes: set[str] = set()

    @property
    def is_text(self) -> bool:
        """Whether a person reads the results."""
        return self.format == "text"

    @property
    def _is_json(self) -> bool:
        return self.format in ("json", "jsonl")

    def __enter__(self) -> Printer:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def line(self, text: str) -> None:
        """Print *text* among the results."""
        if self._path is None:
            print(harmless(text), file=sys.stdout)
        else:
            print(harmless(text), file=self._opened(Path(self._path)))

    def _opened(self, path: Path) -> TextIO:
        if self._file is None:
            with ExitStack() as stack:
                self._file = stack.enter_context(path.open("w", encoding="utf-8", errors=ANY_TEXT))
                self._files = stack.pop_all()
        return self._file

    def document(self, value: Any) -> None:
        """Print *value* as one JSON document."""
        self.line(json.dumps(value, indent=2))

    def documents(self, values: Iterable[Any], *, is_list: bool) -> None:
        """Print *values* as the format wants it: one on each line, a list, or the only one by itself."""
        if self.format == "jsonl":
            for value in values:
                self.line(json.dumps(value))
        else:
            found = list(values)
            self.document(found if is_list else found[0])

    def note(self, code: str, message: str) -> None:
        """Say *message* beside the results, once."""
        if message not in self._notes:
            self._notes.add(message)
            told = {"note": {"code": code, "message": message}}
            complain(json.dumps(told) if self._is_json else f"meshegress: {message}")

    def failure(self, code: str, message: str) -> None:
        """Say beside the results that something that was asked for does not hold."""
        complain(json.dumps({"error": error_as_dict(code, message)}) if self._is_json else f"meshegress: {message}")
