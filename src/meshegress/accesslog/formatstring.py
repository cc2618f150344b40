"""Read a text format: literals, doubled percent signs, and commands ``%NAME(argument):length%``.

What Envoy refuses is refused here, with the place; commands are checked in the order in which they are met.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from meshegress.accesslog.arguments import argument_fault
from meshegress.accesslog.operator_table import NEAR_MISSES, OPERATORS
from meshegress.accesslog.operators import Operator
from meshegress.errors import LogFormatError

# The argument is the shortest text after which `)`, a length and `%` follow, so it may hold `%`, `(` and `)`.
_COMMAND = re.compile(r"%([A-Z0-9_]+)(?:\(([^\n]*?)\))?(?::([0-9]+))?%")
_MAX_LENGTH = 2**64 - 1
# Envoy takes a length for these, and does nothing with it.
_NEVER_CUT = frozenset({"XFCC_VALUE"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a format: the operator, its argument (None: none, or empty parentheses) and length.

    ``text`` is what stands between the percent signs; values are found by it.
    """

    operator: Operator
    argument: str | None
    length: int | None
    text: str
    start: int = 0

    @property
    def end(self) -> int:
        """Where the command ends in the format."""
        return self.start + len(self.text) + 2

    @property
    def most_bytes(self) -> int | None:
        """The bytes to which a value is cut, None where it stays whole."""
        return None if self.operator.name in _NEVER_CUT else self.length

    @property
    def bare_text(self) -> str:
        """The text without its length."""
        return self.text if self.length is None else self.text.rpartition(":")[0]

    def __str__(self) -> str:
        return f"%{self.text}%"


Piece: TypeAlias = str | Command


def parse_format(text: str, formatters: Collection[str] = ()) -> tuple[Piece, ...]:
    """Return the literals (with ``%%`` undone) and commands of *text*.

    *formatters* names the formatter extensions that are configured.

    Raises LogFormatError for what Envoy refuses.

    >>> [str(piece) for piece in parse_format("100%% %REQ(:PATH):5%")]
    ['100% ', '%REQ(:PATH):5%']
    """
    pieces: list[Piece] = []
    literal: list[str] = []
    position = 0
    while position < len(text):
        percent = text.find("%", position)
        if percent < 0:
            literal.append(text[position:])
            break
        literal.append(text[position:percent])
        if text.startswith("%%", percent):
            literal.append("%")
            position = percent + 2
            continue
        command = _command_at(text, percent, formatters)
        pieces += ["".join(literal), command]
        literal = []
        position = command.end
    pieces.append("".join(literal))
    return tuple(piece for piece in pieces if piece != "")


def _command_at(text: str, start: int, formatters: Collection[str]) -> Command:
    match = _COMMAND.match(text, start)
    length = int(match[3]) if match and match[3] else None
    if match is None or (length is not None and length > _MAX_LENGTH):
        raise LogFormatError(text, start, _word_end(text, start), _syntax_fault(text, start))
    name, argument = match[1], match[2] or None
    fault = command_fault(name, argument, length, formatters)
    if fault:
        raise LogFormatError(text, start, match.end(), fault)
    return Command(OPERATORS[name], argument, length, match[0][1:-1], start)


def command_fault(name: str, argument: str | None, length: int | None, formatters: Collection[str] = ()) -> str | None:
    """Return why Envoy refuses the operator *name* with *argument* and *length*, or None where it does not."""
    operator = OPERATORS.get(name)
    if operator is None:
        hint = f"; did you mean `{NEAR_MISSES[name]}`?" if name in NEAR_MISSES else ""
        return f"`{name}` is not a command operator{hint}"
    if operator.extension and operator.extension not in formatters:
        return f"`{name}` needs the formatter extension `{operator.extension}`"
    syntax = operator.syntax
    if syntax.argument == "none" and (argument is not None or length is not None):
        return f"`{name}` takes neither an argument nor a length"
    if length is not None and not syntax.length:
        return f"`{name}` takes no length"
    if argument is None and syntax.argument == "required":
        return f"`{name}` needs an argument"
    if argument is None:
        return None
    return argument_fault(syntax, argument, command_fault)


def known_command(text: str) -> Command:
    """Return the command between percent signs, *text*, of an extension or not.

    Raises LogFormatError for what is none.

    >>> known_command("REQ(A)").operator.name
    'REQ'
    """
    extensions = tuple(filter(None, (operator.extension for operator in OPERATORS.values())))
    command = _command_at(f"%{text}%", 0, extensions)
    if command.text != text:
        raise LogFormatError(text, 0, len(text), "this is more than one command")
    return command


def _word_end(text: str, start: int) -> int:
    end = start + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end


def _syntax_fault(text: str, start: int) -> str:
    offset = len(text[:start].encode("utf-8", "surrogateescape"))
    return f"no command starts at this `%` (byte {offset}); write `%%` for a percent sign"
