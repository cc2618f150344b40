"""YAML on the short way: documents as `kubectl` prints them and most people write them, read line by line.

A line is an indent, dashes, a key and a value that ends where the line does; of blocks of text only ``|`` and ``|-``.
Whatever is odd (a tab, an anchor, a tag, a folded text, another script than ASCII, a mistake) is left to the YAML
reader, which costs three times as much: this one knows when it does not know, and is right where it answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from meshegress.loading.documents import (
    DEPTH_LIMIT,
    AliasBudget,
    BadDocumentError,
    Document,
    read_documents,
    split_documents,
)
from meshegress.resources.scalars import plain_value

_BEGIN = "---"
# Nothing but printable ASCII: a tab, a return or a letter of another script is somebody else's matter.
_FOREIGN = re.compile(r"[^\n -~]")

_QUOTED = r'"(?:[^"\\]|\\.)*+"|' + r"'(?:[^']|'')*+'"
_KEY = rf"[A-Za-z0-9_./][^\s:]*+(?::[^\s:]++)*+|{_QUOTED}"
# Up to a colon before a space, or a hash behind one.
_PLAIN = r"(?:[A-Za-z0-9_./+~$(^]|[-:](?=[A-Za-z0-9.:]))[^:#]*(?:(?::(?=[^ ])|(?<=[^ ])#)[^:#]*)*"
_FLOW = r"\[[^#]*\]|\{[^#]*\}"
_LINE = re.compile(rf"( *+)((?:- )*+)(?:({_KEY}):(?: ++|\Z))?({_PLAIN}|{_QUOTED}|{_FLOW}|\|-?)?(?: +#.*| *)")
_COMMENT = re.compile(r" *#")
_FLOW_PLAIN = r"[A-Za-z0-9_./+][A-Za-z0-9_./+*-]*+"
_FLOW_TOKEN = re.compile(rf" *+(?:([\[{{])|([\]}}])|(,)|({_FLOW_PLAIN}|{_QUOTED})(: )?) *+")
_QUOTES = "\"'"
_MARKS = "[{|"
# libyaml takes no longer key without a `?` before it.
_LONGEST_KEY = 1000
_LONGEST_KEPT = 80
_ESCAPED = re.compile(r'\\([\\"/nt])')
_ESCAPES = {"n": "\n", "t": "\t"}


#: Of a line: its column, dashes, key, and its value or, where one begins that goes on, its text and the mark before it.
#: The mark is empty behind a scalar, and None where no value stands.
_Parts = tuple[int, str, str | None, Any, str | None]


class _OddError(Exception):
    """This is not plain."""


def read_stream(text: str, budget: AliasBudget, known: Callable[[str], Any | None] | None = None) -> Iterator[Document]:
    r"""Give each document of *text* as :func:`~.documents.read_documents` does, the plain ones on the short way.

    Where *known* says of a document's text all that matters of it, that is its value. A document that cannot be read by
    itself may lean on what stands before it, such as a directive: then the rest is read as one.
    """
    for part, start, line in split_documents(text):
        told = known(part) if known is not None else None
        if told is not None:
            yield Document(told, start, start + len(part), line)
            continue
        plain = read_plain(part)
        if plain is not None:
            yield Document(plain.value, start, start + len(part), line)
            continue
        try:
            found = list(read_documents(part, budget))
        except BadDocumentError:
            yield from _moved(read_documents(text[start:], budget), start, line)
            return
        yield from _moved(found, start, line)


def _moved(documents: Iterable[Document], start: int, line: int) -> Iterator[Document]:
    for each in documents:
        yield Document(each.value, start + each.start, start + each.end, line + each.line)


def read_plain(text: str) -> Document | None:
    r"""Return the one document of *text*, which begins at a line of its own; None where it is not plain.

    >>> read_plain("---\nspec:\n  hosts:\n  - a.com\n  ports: [{number: 80}]\n").value
    {'spec': {'hosts': ['a.com'], 'ports': [{'number': 80}]}}
    >>> read_plain("a: &b 1\n") is read_plain("a: 1\na: 2\n") is None
    True
    """
    if not text.isascii() or _FOREIGN.search(text):
        return None
    lines = text.split("\n")
    try:
        value = _Lines(lines, int(lines[0] == _BEGIN)).read()
    except _OddError:
        return None
    return Document(value, 0, len(text), 0)


class _Lines:
    """The lines of a document, and the collections that are open, each with the column of its keys or dashes."""

    def __init__(self, lines: list[str], at: int) -> None:
        self.lines = lines
        self.at = at
        self.columns: list[int] = []
        self.open: list[Any] = []
        self.root: Any = None

    def read(self) -> Any:
        """Return the value of the document."""
        holder: Any = None
        here, waits = -1, None
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            parts = _parts(line) if len(line) <= _LONGEST_KEPT else _cut(line)
            if parts is None:
                continue
            column, dashes, key, value, mark = parts
            if dashes or waits is not None or column != here:
                holder = self._holder(column, waits, dashes, is_mapping=key is not None)
                here = self.columns[-1] if holder.__class__ is dict else -1
                waits = None
            if key is None:
                if holder.__class__ is dict:
                    raise _OddError
                holder.append(self._value(value, None) if mark else value)
                continue
            if key in holder:
                raise _OddError
            if mark is None:
                holder[key] = None
                waits = key
            else:
                holder[key] = self._value(value, here) if mark else value
        return self.root

    def _holder(self, column: int, waits: str | None, dashes: str, *, is_mapping: bool) -> Any:
        """Return the collection that a line at *column* goes on with, or begins, under the key that *waits*."""
        columns, collections = self.columns, self.open
        kind = list if dashes else dict
        if not columns:
            self.root = self._opened(column, kind())
        elif waits is not None and (column > columns[-1] or (dashes and column == columns[-1])):
            parent = collections[-1]
            parent[waits] = self._opened(column, kind())
        else:
            while columns[-1] > column or (columns[-1] == column and collections[-1].__class__ is not kind):
                if len(columns) == 1:
                    raise _OddError
                columns.pop()
                collections.pop()
        if columns[-1] != column:
            raise _OddError
        return self._item(column, column + len(dashes), is_mapping=is_mapping) if dashes else collections[-1]

    def _item(self, column: int, end: int, *, is_mapping: bool) -> Any:
        """Return what the rest of a line with dashes goes into: the list at *column*, or what the line opens below."""
        holder = self.open[-1]
        for inner in range(column + 2, end, 2):
            holder.append(self._opened(inner, []))
            holder = self.open[-1]
        if is_mapping:
            holder.append(self._opened(end, {}))
        return self.open[-1]

    def _opened(self, column: int, collection: Any) -> Any:
        if len(self.columns) >= DEPTH_LIMIT - 1:
            raise _OddError
        self.columns.append(column)
        self.open.append(collection)
        return collection

    def _value(self, text: str, column: int | None) -> Any:
        """Return the value that begins with *text*, which is not a scalar, under a key at *column* or in a list."""
        if text[0] == "|":
            return self._block(column, keeps_end=text == "|")
        return _flow(text, DEPTH_LIMIT - 1 - len(self.columns))

    def _block(self, column: int | None, *, keeps_end: bool) -> str:
        """Return the text of the lines that stand deeper than *column*."""
        first = self.lines[self.at] if self.at < len(self.lines) else ""
        indent = first[: len(first) - len(first.lstrip(" "))]
        if column is None or first == indent or len(indent) <= column:
            raise _OddError
        body: list[str] = []
        for line in self.lines[self.at :]:
            if line and not line.startswith(indent):
                break
            body.append(line[len(indent) :])
        else:
            line = "the end"
        self.at += len(body)
        # Blanks alone could be text; and the last line of all may lack the line end that is part of the text.
        if not line.strip(" ") or (self.at == len(self.lines) and body[-1]):
            raise _OddError
        return "\n".join(body).rstrip("\n") + ("\n" if keeps_end else "")


def _cut(line: str) -> _Parts | None:
    """Return the parts of a line, which do not depend on others; None where it is blank or a comment."""
    match = _LINE.fullmatch(line)
    if match is None:
        if _COMMENT.match(line):
            return None
        raise _OddError
    indent, dashes, key, text = match.groups()
    if key is None and text is None:
        if dashes:
            raise _OddError
        return None
    if key is not None:
        key = _unquoted(key) if key[0] in _QUOTES else key
        if len(key) > _LONGEST_KEY:
            raise _OddError
    if text is None:
        return len(indent), dashes, key, None, None
    mark = text[0] if text[0] in _MARKS else ""
    return len(indent), dashes, key, text if mark else _scalar(text), mark


#: Most lines of most meshes are like others.
_parts = lru_cache(maxsize=4096)(_cut)


def _scalar(text: str) -> Any:
    """Return what *text*, in quotes or plain, means; blanks at its end are none of it."""
    return _unquoted(text) if text[0] in _QUOTES else plain_value(text.rstrip(" "))


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    if text[0] == "'":
        return inner.replace("''", "'")
    if "\\" not in inner:
        return inner
    if "\\" in _ESCAPED.sub("", inner):
        raise _OddError
    return _ESCAPED.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), inner)


def _flow(text: str, depth: int) -> Any:
    """Return the list or mapping that *text* writes in brackets, at most *depth* deep."""
    value, end = _flow_value(text, 0, depth)
    if end != len(text):
        raise _OddError
    return value


def _flow_value(text: str, place: int, depth: int) -> tuple[Any, int]:
    """Return the value at *place*, and where it ends."""
    opens, _, _, scalar, colon, place = _flow_token(text, place)
    if scalar is not None and colon is None:
        return _scalar(scalar), place
    if opens is None or not depth:
        raise _OddError
    return (_flow_list if opens == "[" else _flow_mapping)(text, place, depth - 1)


def _flow_list(text: str, place: int, depth: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    if text.startswith("]", place):
        return items, _flow_token(text, place)[-1]
    while True:
        item, place = _flow_value(text, place, depth)
        items.append(item)
        _, closes, comma, _, _, place = _flow_token(text, place)
        if closes == "]":
            return items, place
        if comma is None:
            raise _OddError


def _flow_mapping(text: str, place: int, depth: int) -> tuple[dict[str, Any], int]:
    members: dict[str, Any] = {}
    if text.startswith("}", place):
        return members, _flow_token(text, place)[-1]
    while True:
        _, _, _, key, colon, place = _flow_token(text, place)
        if key is None or colon is None:
            raise _OddError
        key = _unquoted(key) if key[0] in _QUOTES else key
        if key in members or len(key) > _LONGEST_KEY:
            raise _OddError
        members[key], place = _flow_value(text, place, depth)
        _, closes, comma, _, _, place = _flow_token(text, place)
        if closes == "}":
            return members, place
        if comma is None:
            raise _OddError


_Token = tuple[str | None, str | None, str | None, str | None, str | None, int]


def _flow_token(text: str, place: int) -> _Token:
    """Return what opens, closes, parts, or is a scalar (before a colon) at *place*, and where it ends."""
    match = _FLOW_TOKEN.match(text, place)
    if match is None:
        raise _OddError
    opens, closes, comma, scalar, colon = match.groups()
    return opens, closes, comma, scalar, colon, match.end()
