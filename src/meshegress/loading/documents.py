"""Text to plain values: one pass over libyaml's events, without recursion and without surprise.

Composing is what overflows the C stack on deep nesting, so nothing is composed: events are put together on a list, and
the depth is known before anything grows. Keys may not repeat, aliases may not multiply, tags are plain data or refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from yaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml._yaml import CParser
from yaml.error import Mark, MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from meshegress.resources.scalars import plain_value
from meshegress.resources.shape import shown

DEPTH_LIMIT = 64
ALIAS_ALLOWANCE = 100_000

_YAML_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"


class BadDocumentError(Exception):
    """A stream of documents ends here: *message* at *line* and *column*, from 0, and perhaps a cure.

    *is_syntax* tells trouble with the text from a limit that it runs into; *is_at_end* where the text ends too early.
    """

    def __init__(
        self,
        message: str,
        line: int | None = None,
        column: int | None = None,
        help: str = "",
        is_syntax: bool = True,
        is_at_end: bool = False,
    ) -> None:
        self.is_syntax = is_syntax
        self.is_at_end = is_at_end
        self.message = message
        self.line = line
        self.column = column
        self.help = help
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its plain *value*, and the characters of its text from *start* to *end*; *line* counts from 0."""

    value: Any
    start: int
    end: int
    line: int


@dataclass(slots=True)
class AliasBudget:
    """How many values the aliases of a text may still write out."""

    left: int

    @classmethod
    def of(cls, text: str) -> AliasBudget:
        """Return the budget of *text*: as much as it is long, and some to spare."""
        return cls(ALIAS_ALLOWANCE + len(text))


def read_documents(text: str, budget: AliasBudget | None = None) -> Iterator[Document]:
    r"""Give each document of *text*; raise BadDocumentError where one cannot be read.

    *budget* is that of a larger text which *text* is a part of.

    >>> [document.value for document in read_documents("a: 1\n---\nb: [x, no]\n")]
    [{'a': 1}, {'b': ['x', False]}]
    """
    try:
        parser = CParser(text)
        yield from _documents(parser, budget or AliasBudget.of(text))
    except MarkedYAMLError as error:
        raise _not_yaml(text, error) from error
    except ReaderError as error:
        raise _unreadable(text, error) from error
    except (YAMLError, UnicodeEncodeError) as error:
        raise BadDocumentError("this is not text in Unicode") from error


def split_documents(text: str) -> Iterator[tuple[str, int, int]]:
    r"""Give each document's text, first character and first line: a stream in parts, when one of them is broken.

    A line that starts with ``---`` begins a document wherever it stands, in YAML even inside a quoted text.

    >>> list(split_documents("a: 1\n---\nb: 2\n"))
    [('a: 1\n', 0, 0), ('---\nb: 2\n', 5, 1)]
    """
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start())]
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[start:end]
        yield part, start, line
        line += part.count("\n")


_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)


def _documents(parser: CParser, budget: AliasBudget) -> Iterator[Document]:
    next_event: Callable[[], Any] = parser.get_event
    memory: dict[str, Any] = {}
    while True:
        event = next_event()
        kind = event.__class__
        if kind is DocumentStartEvent:
            begin = event.start_mark
            value, end = _build(next_event, memory, _Anchors(budget))
            yield Document(value, begin.index, end, begin.line)
        elif kind is StreamEndEvent:
            return


def _build(  # noqa: C901  # one branch for each kind of event, in the hottest loop of loading
    next_event: Callable[[], Any], memory: dict[str, Any], anchors: _Anchors
) -> tuple[Any, int]:
    """Return the value of the document whose start was just read, and where it ends.

    *memory* holds what plain scalars mean. ``frames`` are the open collections around ``current``; a ``key`` that is
    set waits for its value.
    """
    frames: list[tuple[Any, Any]] = []
    current: Any = None
    key: Any = None
    value: Any = None
    while True:
        event = next_event()
        kind = event.__class__
        if kind is ScalarEvent:
            if key is None and current.__class__ is dict:
                key = _key(event, current, anchors)
                continue
            text = event.value
            if event.tag is not None or event.anchor is not None:
                value = anchors.keep(event, _tagged(event))
            elif not event.implicit[0]:
                value = text
            elif text in memory:
                value = memory[text]
            else:
                value = memory[text] = plain_value(text)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if (key is None and current.__class__ is dict) or len(frames) == DEPTH_LIMIT:
                raise _no_place(event, len(frames))
            frames.append((current, key))
            current = _opened(event, anchors)
            key = None
            continue
        elif kind is AliasEvent:
            value = anchors.value(event, (*(frame[0] for frame in frames), current), key)
        elif kind is DocumentEndEvent:
            return value, event.end_mark.index
        else:
            value = current
            if kind is MappingEndEvent and _MERGE_KEY in current:
                value = _merged(current, event)
            current, key = frames.pop()
        if key is not None:
            current[key] = value
            key = None
        elif current is not None:
            current.append(value)


class _Anchors:
    """What the anchors of one document stand for, and how much their aliases may still add to the stream."""

    __slots__ = ("_budget", "_sizes", "_values")

    def __init__(self, budget: AliasBudget) -> None:
        self._budget = budget
        self._values: dict[str, Any] = {}
        self._sizes: dict[int, Size] = {}

    def keep(self, event: Any, value: Any) -> Any:
        """Remember *value* under the anchor of *event*, if it has one, and return it."""
        if event.anchor is not None:
            self._values[event.anchor] = value
        return value

    def value(self, event: Any, open_collections: tuple[Any, ...], key: Any) -> Any:
        """Return what the alias *event* stands for; it may not be open, nor too much, nor stand where a key stands."""
        name = event.anchor
        if name not in self._values:
            raise _bad(event, f"alias `*{name}` has no anchor before it")
        value = self._values[name]
        if any(value is each for each in open_collections if each is not None):
            raise _bad(event, f"alias `*{name}` contains itself")
        if key is None and open_collections[-1].__class__ is dict:
            raise _bad(event, "a key is not an alias", "write the key out")
        size = measure(value, self._sizes)
        self._budget.left -= size.total
        if self._budget.left < 0:
            raise _bad(event, "aliases multiply the text beyond reason", "write the values out", is_syntax=False)
        if len(open_collections) + size.height > DEPTH_LIMIT:
            raise _no_place(event, DEPTH_LIMIT)
        return value


class Size(NamedTuple):
    """How many values a value holds, each alias written out, and how deep it is."""

    total: int
    height: int


def measure(value: Any, known: dict[int, Size], depth: int = 0) -> Size:
    """Return the size of *value*; *known* remembers collections by identity, so that aliases cost nothing.

    Past the depth limit the height is that of the limit, and nothing below is counted: cycles end there.
    """
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    if not items or depth > DEPTH_LIMIT:
        return Size(1, 1 if depth <= DEPTH_LIMIT else 2 * DEPTH_LIMIT)
    if id(value) not in known:
        sizes = [measure(item, known, depth + 1) for item in items]
        known[id(value)] = Size(1 + sum(size.total for size in sizes), 1 + max(size.height for size in sizes))
    return known[id(value)]


_MERGE_KEY = object()


def _key(event: Any, mapping: dict[Any, Any], anchors: _Anchors) -> Any:
    """Return the key that *event* is; keys are texts as written, and stand once."""
    key = event.value
    if key == _MERGE and event.implicit[0]:
        key = _MERGE_KEY
    if key in mapping:
        raise _bad(event, f"key {shown(event.value)} is used twice", "keep one of the two")
    if event.anchor is not None:
        anchors.keep(event, event.value)
    return key


def _opened(event: Any, anchors: _Anchors) -> Any:
    """Return the empty collection that *event* opens."""
    mapping = event.__class__ is MappingStartEvent
    if event.tag is not None and event.tag not in ("!", _YAML_TAG + ("map" if mapping else "seq")):
        raise _bad(event, f"tag `{_shown_tag(event.tag)}` is not plain data", "remove the tag")
    return anchors.keep(event, {} if mapping else [])


def _merged(mapping: dict[Any, Any], event: Any) -> dict[str, Any]:
    """Put what ``<<`` names into *mapping*, behind its own keys."""
    merged = mapping.pop(_MERGE_KEY)
    for part in merged if isinstance(merged, list) else [merged]:
        if not isinstance(part, dict):
            raise _bad(event, "`<<` merges mappings, and this is none")
        for key, value in part.items():
            mapping.setdefault(key, value)
    return mapping


_TAGGED: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


def _tagged(event: Any) -> Any:
    """Return the value of a scalar with a tag or an anchor."""
    if event.tag is None:
        return plain_value(event.value) if event.implicit[0] else event.value
    name = event.tag.removeprefix(_YAML_TAG)
    if name in ("!", "str", "timestamp"):
        return event.value
    value = plain_value(event.value)
    if type(value) not in _TAGGED.get(name, ()):
        raise _bad(event, f"tag `{_shown_tag(event.tag)}` does not fit here", "remove the tag")
    return value


def _shown_tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_YAML_TAG) if tag.startswith(_YAML_TAG) else tag


def _no_place(event: Any, depth: int) -> BadDocumentError:
    if depth >= DEPTH_LIMIT:
        return _bad(event, f"nesting is deeper than {DEPTH_LIMIT}", "no resource is nested like this", is_syntax=False)
    return _bad(event, "a key is not a text")


def _bad(event: Any, message: str, help: str = "", *, is_syntax: bool = True) -> BadDocumentError:
    return BadDocumentError(message, event.start_mark.line, event.start_mark.column, help, is_syntax)


def _not_yaml(text: str, error: MarkedYAMLError) -> BadDocumentError:
    line, column = _position(_told_mark(error, len(text)))
    mark = error.problem_mark
    is_at_end = mark is not None and mark.index >= len(text.rstrip())
    help = ""
    if mark is not None and text[text.rfind("\n", 0, mark.index) + 1 : mark.index + 1].strip(" ").startswith("\t"):
        help = "YAML takes no tabs here: indent with spaces"
    return BadDocumentError(_sentence(error), line, column, help, is_at_end=is_at_end)


def _told_mark(error: MarkedYAMLError, size: int) -> Mark | None:
    """Return the mark that helps: where the trouble is, or where it began if it is only the end of the text."""
    if error.context_mark is not None and (error.problem_mark is None or error.problem_mark.index >= size):
        return error.context_mark
    return error.problem_mark


def _position(mark: Mark | None) -> tuple[int | None, int | None]:
    return (None, None) if mark is None else (mark.line, mark.column)


def _sentence(error: MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return "this is not YAML: " + ", ".join(parts)


def _unreadable(text: str, error: ReaderError) -> BadDocumentError:
    before = text.encode("utf-8", "replace")[: error.position].decode("utf-8", "replace")
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    return BadDocumentError(
        f"this is not text: {error.reason} (U+{error.character:04X})", line, column, "is the file binary?"
    )
