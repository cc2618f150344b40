"""Where one field of a text format ends and the next begins, and whether that can be told from a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from meshegress._engine.chosen import LogField, LogSplitter, alphabet_of
from meshegress.accesslog.formatstring import Command, Piece
from meshegress.accesslog.shapes import Names, field_of
from meshegress.accesslog.values import to_bytes
from meshegress.errors import LogFormatError


class Boundary(Enum):
    """What tells the end of a field."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    ADJACENT = "adjacent"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class SplitterProgram:
    """A text format for reading: literals and fields in turn, the newline that ends the record taken off."""

    commands: tuple[Command, ...]
    literals: tuple[bytes, ...]
    fields: tuple[LogField, ...]
    is_terminated: bool

    def splitter(self, widest: Sequence[int] = ()) -> LogSplitter:
        """Return the compiled program."""
        return LogSplitter(self.literals, self.fields, widest)


def compile_program(pieces: Sequence[Piece], *, names: Names, omit_empty_values: bool) -> SplitterProgram:
    """Return the program of *pieces*."""
    literals = [b""]
    commands: list[Command] = []
    for piece in pieces:
        if isinstance(piece, str):
            literals[-1] += to_bytes(piece)
        else:
            commands.append(piece)
            literals.append(b"")
    is_terminated = literals[-1].endswith(b"\n")
    literals[-1] = literals[-1].removesuffix(b"\n")
    fields = (field_of(command, names=names, omit_empty_values=omit_empty_values) for command in commands)
    return SplitterProgram(tuple(commands), tuple(literals), tuple(fields), is_terminated)


def may_be_empty(field: LogField) -> bool:
    """Whether a piece of *field* may have no bytes."""
    return b"" in field.words or any(span.least == 0 and not span.prefix for span in field.spans)


def _first_bytes(field: LogField) -> frozenset[int]:
    found = {word[0] for word in field.words if word}
    for span in field.spans:
        found.update(span.prefix[:1] or span.first)
    for mask in field.masks:
        found.update(b"0123456789" if mask[:1] == b"0" else mask[:1])
    return frozenset(found)


def _has_fixed_width(field: LogField) -> bool:
    widths = {len(piece) for piece in (*field.words, *field.masks)}
    return len(widths) == 1 and all(span.most == span.least and {span.most} == widths for span in field.spans)


def boundary_after(program: SplitterProgram, number: int) -> Boundary:
    """Return what tells the end of field *number*."""
    field, literal = program.fields[number], program.literals[number + 1]
    is_last = number == len(program.fields) - 1
    if is_last or _has_fixed_width(field) or not alphabet_of(field).issuperset(literal):
        return Boundary.STATIC
    if literal:
        return Boundary.DYNAMIC
    following = program.fields[number + 1]
    told = not may_be_empty(following) and not _first_bytes(following) & alphabet_of(field)
    return Boundary.ADJACENT if told or _has_fixed_width(following) else Boundary.LOST


def check_readable(text: str, program: SplitterProgram) -> None:
    """Raise LogFormatError where lines of the format *text* cannot be read back, with the fields at fault."""
    if not program.commands:
        raise LogFormatError(text, 0, len(text), "the format has no command, so a line tells nothing")
    if not any(program.literals) and all(map(may_be_empty, program.fields)):
        names = " and ".join(f"`{command.text}`" for command in program.commands[:2])
        raise LogFormatError(text, 0, len(text), f"a whole line may be empty: nothing but {names} is in the format")
    for number, command in enumerate(program.commands):
        if boundary_after(program, number) is Boundary.LOST:
            following = program.commands[number + 1]
            reason = f"nothing tells where `{command.text}` ends and `{following.text}` begins; write a literal between"
            raise LogFormatError(text, command.start, following.end, reason)
