"""A JSON format: a tree whose strings hold commands, and what it writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from meshegress.accesslog.formatstring import Command, Piece, parse_format
from meshegress.accesslog.rendering import json_of, text_of
from meshegress.accesslog.values import json_string, json_value, to_bytes
from meshegress.errors import LogFormatError

Find: TypeAlias = Callable[[Command], object]
_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is always the same."""

    value: object


@dataclass(frozen=True, slots=True)
class Literal:
    """A string with commands; one command alone gives a typed value."""

    source: str
    pieces: tuple[Piece, ...]

    @property
    def command(self) -> Command | None:
        """The command, where the string is nothing else."""
        return self.pieces[0] if len(self.pieces) == 1 and isinstance(self.pieces[0], Command) else None


@dataclass(frozen=True, slots=True)
class Members:
    """An object, its members in the order of their bytes."""

    members: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]


Node: TypeAlias = Constant | Literal | Members | Items


def compile_template(value: object, formatters: Collection[str] = (), depth: int = 0) -> Node:
    """Return the tree of *value*, a JSON value whose strings are text formats.

    Raises LogFormatError for what Envoy refuses, and for what is not JSON.
    """
    if depth > _MAX_DEPTH:
        raise LogFormatError("{…}", 0, 3, "the format is nested too deeply")
    if isinstance(value, str):
        return _compile_text(value, formatters)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise LogFormatError(str(key), 0, len(str(key)), "a key of a JSON format is a string")
        keys = sorted(value, key=to_bytes)
        return Members(tuple((key, compile_template(value[key], formatters, depth + 1)) for key in keys))
    if isinstance(value, list | tuple):
        return Items(tuple(compile_template(item, formatters, depth + 1) for item in value))
    if value is None or isinstance(value, bool | int | float):
        return Constant(value)
    raise LogFormatError(repr(value)[:80], 0, 1, f"a JSON format holds no {type(value).__name__}")


def _compile_text(value: str, formatters: Collection[str]) -> Node:
    pieces = parse_format(value, formatters)
    if any(isinstance(piece, Command) for piece in pieces):
        return Literal(value, pieces)
    return Constant("".join(piece for piece in pieces if isinstance(piece, str)))


def named_commands(node: Node, path: str = "") -> Iterator[tuple[str, Command]]:
    """Yield (path of keys, command) of *node* in the order in which they are written."""
    if isinstance(node, Literal):
        yield from ((path, piece) for piece in node.pieces if isinstance(piece, Command))
    elif isinstance(node, Members):
        for key, child in node.members:
            yield from named_commands(child, f"{path}.{key}" if path else key)
    elif isinstance(node, Items):
        for number, child in enumerate(node.items):
            yield from named_commands(child, f"{path}.{number}")


def render(node: Node, find: Find, *, omit_empty_values: bool = False) -> str | None:
    """Return *node* as compact JSON, None where it shall be left out."""
    if isinstance(node, Constant):
        return None if node.value is None and omit_empty_values else json_value(node.value)
    if isinstance(node, Literal):
        return _render_text(node, find, omit_empty_values=omit_empty_values)
    if isinstance(node, Items):
        items = (render(item, find, omit_empty_values=omit_empty_values) for item in node.items)
        return "[" + ",".join(item for item in items if item is not None) + "]"
    members = ((key, render(child, find, omit_empty_values=omit_empty_values)) for key, child in node.members)
    shown = [f"{json_string(key)}:{text}" for key, text in members if text is not None]
    return "{" + ",".join(shown) + "}" if shown or not omit_empty_values else None


def _render_text(node: Literal, find: Find, *, omit_empty_values: bool) -> str | None:
    command = node.command
    if command is not None:
        return json_of(command, find(command), omit_empty_values=omit_empty_values)
    shown = (
        piece if isinstance(piece, str) else text_of(piece, find(piece), omit_empty_values=omit_empty_values)
        for piece in node.pieces
    )
    # Each piece is escaped on its own: what is not UTF-8 in one changes nothing in the others.
    return '"' + "".join(json_string(piece)[1:-1] for piece in shown) + '"'
