"""Where a value stands in its text: found on demand, from the one document that holds it.

Loading remembers only the text and where each document starts in it. Asked for a place, the document is read again with
marks; its depth is known by then, so composing is safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from meshegress.findings import Source
from meshegress.resources._message import wire_name

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class TextPlace:
    """One object in a text: the document from *start* to *end*, which begins in *line*, and the path to the object."""

    file: str
    text: str
    start: int
    end: int
    line: int
    path: Path = ()

    def find(self, path: Path) -> Source:
        """Return the place of the value at *path* in the object, or of the nearest value around it."""
        found = _find(_composed(self.text, self.start, self.end), (*self.path, *path))
        if found is None:
            return Source(self.file, self.line + 1)
        line, column = found
        first = self.start - (self.text.rfind("\n", 0, self.start) + 1) if line == 0 else 0
        return Source(self.file, self.line + line + 1, first + column + 1)

    def holds(self, path: Path) -> bool:
        """Tell whether there is a value at *path* in the object."""
        return _node(_composed(self.text, self.start, self.end), (*self.path, *path)) is not None

    def written(self, path: Path) -> str | None:
        """Return the text of the scalar at *path* in the object; None if it is not a scalar."""
        node = _node(_composed(self.text, self.start, self.end), (*self.path, *path))
        return str(node.value) if isinstance(node, ScalarNode) else None

    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return the comments of the document and right above it, each with its line."""
        first, line = self.text.rfind("\n", 0, self.start) + 1, self.line + 1
        while first and (above := self.text.rfind("\n", 0, first - 1) + 1) < first:
            if not self.text[above:first].lstrip().startswith("#"):
                break
            first, line = above, line - 1
        rows = enumerate(self.text[first : self.end].split("\n"), line)
        return tuple((number, row.partition("#")[2].strip()) for number, row in rows if "#" in row)

    def within(self, *path: str | int) -> TextPlace:
        """Return the place of an object inside this one."""
        return TextPlace(self.file, self.text, self.start, self.end, self.line, (*self.path, *path))

    def embedded(self, *path: str | int) -> TextPlace | None:
        """Return the place of the YAML that stands as a block of text at *path*; None if that is not a block."""
        node = _node(_composed(self.text, self.start, self.end), (*self.path, *path))
        if not isinstance(node, ScalarNode) or node.style != "|":
            return None
        # The block is read with its indentation, so that lines and columns are those of the file.
        first = self.text.find("\n", self.start + node.start_mark.index) + 1
        end = self.start + node.end_mark.index
        return TextPlace(self.file, self.text, first, end, self.line + node.start_mark.line + 1)


@dataclass(frozen=True, slots=True)
class FixedPlace:
    """An object without a text, such as a mapping from Python: every path has the one place."""

    source: Source

    def find(self, path: Path) -> Source:
        """Return the place."""
        return self.source

    def written(self, path: Path) -> str | None:
        """Return None: there is no text."""
        return None

    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return nothing: there is no text."""
        return ()

    def within(self, *path: str | int) -> FixedPlace:
        """Return the place of an object inside this one: the same."""
        return self

    def embedded(self, *path: str | int) -> TextPlace | None:
        """Return None: there is no text."""
        return None


@dataclass(frozen=True, slots=True)
class MergedPlace:
    """An object that was put together of two: what the one *over* the other holds stands there, the rest *under* it."""

    over: TextPlace
    under: TextPlace

    @staticmethod
    def of(places: Sequence[Place]) -> Place:
        """Return the place of what stands at *places*, one or two, the upper one first."""
        first, *others = places
        if others and isinstance(first, TextPlace) and isinstance(others[0], TextPlace):
            return MergedPlace(first, others[0])
        return first

    def find(self, path: Path) -> Source:
        """Return the place of the value at *path*."""
        return self._of(path).find(path)

    def written(self, path: Path) -> str | None:
        """Return the text of the scalar at *path*; None if it is no scalar."""
        return self._of(path).written(path)

    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return the comments of both."""
        return (*self.over.comments(), *self.under.comments())

    def within(self, *path: str | int) -> TextPlace:
        """Return the place of an object inside this one."""
        return self._of(path).within(*path)

    def embedded(self, *path: str | int) -> TextPlace | None:
        """Return the place of the YAML that stands as a block of text at *path*; None if that is no block."""
        return self._of(path).embedded(*path)

    def _of(self, path: Path) -> TextPlace:
        return self.over if self.over.holds(path) or not self.under.holds(path) else self.under


Place = TextPlace | FixedPlace | MergedPlace


class _Composer(CParser, BaseResolver):
    """libyaml's composer; tags do not matter here."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        BaseResolver.__init__(self)


class _Last:
    """The document that was composed last: a list of thousands of objects is asked for the place of each."""

    held: tuple[str, int, int, Node | None] = ("", 0, 0, None)


def _composed(text: str, start: int, end: int) -> Node | None:
    held = _Last.held
    if held[0] is not text or held[1:3] != (start, end):
        _Last.held = held = (text, start, end, _compose(text[start:end]))
    return held[3]


def _compose(text: str) -> Node | None:
    try:
        return _Composer(text).get_single_node()
    except (yaml.YAMLError, UnicodeEncodeError):
        return None


def _find(node: Node | None, path: Path) -> tuple[int, int] | None:
    """Return line and column, from 0, of the value at *path* or of the nearest one around it.

    A scalar stands where it begins, and so does an item of a list; a collection under a key stands at its key.
    """
    if node is None:
        return None
    mark = node.start_mark
    for part in path:
        step = _step(node, part)
        if step is None:
            break
        key, node = step
        mark = node.start_mark if key is None or isinstance(node, ScalarNode) else key.start_mark
    return mark.line, mark.column


def _node(node: Node | None, path: Path) -> Node | None:
    for part in path:
        step = _step(node, part)
        if step is None:
            return None
        node = step[1]
    return node


def _step(node: Node | None, part: str | int) -> tuple[Node | None, Node] | None:
    """Return the key, if there is one, and the value that *part* leads to from *node*."""
    if isinstance(node, SequenceNode):
        return (None, node.value[part]) if isinstance(part, int) and part < len(node.value) else None
    if not isinstance(node, MappingNode):
        return None
    names = (part, wire_name(part)) if isinstance(part, str) else (str(part),)
    for name in names:
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == name:
                return key, value
    return _merged_step(node, part)


def _merged_step(node: MappingNode, part: str | int) -> tuple[Node | None, Node] | None:
    """Return what *part* leads to in the mappings that ``<<`` puts behind *node*."""
    for key, value in node.value:
        if key.value != "<<":
            continue
        parts: list[Any] = value.value if isinstance(value, SequenceNode) else [value]
        for merged in parts:
            if (step := _step(merged, part)) is not None:
                return step
    return None
