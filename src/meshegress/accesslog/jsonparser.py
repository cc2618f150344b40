"""Read lines of a JSON format: the object must have the shape of the format, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from meshegress._engine.chosen import LogSplitter
from meshegress.accesslog.boundaries import compile_program
from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.fields import FieldValue
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.jsonvalues import read_json
from meshegress.accesslog.reading.bykeys import ValueMisfitError, flat_commands, read_keyed
from meshegress.accesslog.shapes import Names
from meshegress.accesslog.template import Constant, Items, Literal, Members, Node
from meshegress.accesslog.textparser import TieBreak
from meshegress.accesslog.values import to_bytes, to_text
from meshegress.errors import LogParseError

_MAX_CHOICES = 1000


class _MisfitError(Exception):
    """The value does not fit the format; ``reason`` is that of the LogParseError."""

    def __init__(self, detail: str, reason: str = "no_match") -> None:
        self.detail = detail
        self.reason = reason
        super().__init__(detail)


class JsonParser:
    """A parser of one JSON format; made by ``AccessLogFormat.parser``."""

    def __init__(
        self, text: str, tree: Members, layout: FieldLayout, *, names: Names, tie_break: TieBreak | None, strict: bool
    ) -> None:
        self.text = text
        commands = flat_commands(tree)
        self._commands = None if strict else commands
        self._flat = () if layout.omit_empty_values else tuple(map(_plain_member, (commands or {}).items()))
        self.tree = tree
        self.layout = layout
        self.takes_first = tie_break is not None
        self._names = names
        self._splitters: dict[str, LogSplitter] = {}

    def parse(self, line: str | bytes) -> AccessLogEntry:
        """Return the entry of *line*, one JSON object.

        Unless the parser is strict, one that does not have exactly the members of the format is read by its keys.

        Raises LogParseError where it is not JSON, or not of this format.
        """
        try:
            return AccessLogEntry.from_json(self.layout, self.raw_values(line))
        except LogParseError as error:
            if self._commands is None or error.reason != "no_match":
                raise
            return self._by_keys(error, self._commands)

    def _by_keys(self, error: LogParseError, commands: Mapping[str, Command]) -> AccessLogEntry:
        try:
            value = read_json(error.line)
        except (ValueError, RecursionError):
            raise error from None
        if not isinstance(value, dict) or len(value.keys() & commands.keys()) < min(2, len(commands)):
            raise error
        try:
            return read_keyed(value, commands).entry()
        except ValueMisfitError as misfit:
            raise LogParseError(error.line, self.text, "no_match", str(misfit)) from None

    def raw_values(self, line: str | bytes) -> tuple[object, ...]:
        """Return the values of all commands as JSON has them, or as ``Shown``; raises as ``parse`` does."""
        text = line if isinstance(line, str) else to_text(bytes(line))
        try:
            value = read_json(text)
        except (ValueError, RecursionError) as error:
            raise LogParseError(text, self.text, "no_match", "the line is not JSON") from error
        return self._fitted(value, text)

    def entry_of(self, value: object, text: str) -> AccessLogEntry:
        """Return the entry of *value*, the JSON that *text* holds; raises as ``parse`` does."""
        return AccessLogEntry.from_json(self.layout, self._fitted(value, text))

    def _fitted(self, value: object, text: str) -> tuple[object, ...]:
        if self._flat and isinstance(value, dict) and len(value) == len(self._flat):
            plain = [item for key, kind in self._flat if type(item := value.get(key, self)) is kind or item is None]
            if len(plain) == len(self._flat):  # else the careful way says what is amiss
                return tuple(plain)
        try:
            return tuple(self._values(self.tree, value))
        except _MisfitError as misfit:
            raise LogParseError(text, self.text, misfit.reason, misfit.detail) from None

    def values(self, line: str | bytes) -> tuple[FieldValue, ...]:
        """Return all fields of *line*, typed, in the order of the format; raises as ``parse`` does."""
        return tuple(self.parse(line).as_dict().values())

    def error(self, line: bytes) -> LogParseError:
        """Return why *line* has no single reading."""
        try:
            self.raw_values(line)
        except LogParseError as error:
            return error
        raise AssertionError(line)

    def count(self, line: str | bytes) -> int:
        """Return the number of ways to read *line*: 0, 1, or 2 for more."""
        try:
            self.parse(line)
        except LogParseError as error:
            return 2 if error.reason == "ambiguous" else 0
        return 1

    def _values(self, node: Node, value: object) -> Iterator[object]:
        """Yield the value of each command in *node*, in order."""
        if isinstance(node, Constant):
            if not _same(node.value, value):
                raise _MisfitError(f"`{value}` stands where `{node.value}` is expected")
        elif isinstance(node, Literal):
            yield from self._text_values(node, value)
        elif isinstance(node, Members):
            yield from self._member_values(node, value)
        else:
            yield from self._item_values(node, value)

    def _member_values(self, node: Members, value: object) -> Iterator[object]:
        omit = self.layout.omit_empty_values
        if value is None and omit:
            value = {}
        if not isinstance(value, dict):
            raise _MisfitError("an object is expected")
        keys = {key for key, _ in node.members}
        if not value.keys() <= keys or (not omit and value.keys() != keys):
            differing = min(value.keys() ^ keys)
            raise _MisfitError(f"the member `{differing}` is not where the format has it")
        for key, child in node.members:
            if key not in value and isinstance(child, Constant):
                continue
            yield from self._values(child, value.get(key))

    def _item_values(self, node: Items, value: object) -> Iterator[object]:
        if not isinstance(value, list):
            raise _MisfitError("a list is expected")
        if len(value) == len(node.items):
            for child, item in zip(node.items, value, strict=True):
                yield from self._values(child, item)
        elif self.layout.omit_empty_values and len(value) < len(node.items):
            yield from self._dropped_items(node, value)
        else:
            raise _MisfitError("the list has another length")

    def _dropped_items(self, node: Items, value: list[object]) -> Iterator[object]:
        """Yield the values of a list that lost its empty items, where only one choice of them fits."""
        fitting: list[list[object]] = []
        for tried, kept in enumerate(combinations(range(len(node.items)), len(value))):
            items = dict(zip(kept, value, strict=True))
            try:
                fitting.append([v for n, child in enumerate(node.items) for v in self._values(child, items.get(n))])
            except _MisfitError as misfit:
                if misfit.reason == "ambiguous":
                    raise  # this choice may fit in several ways
                continue
            if len(fitting) > 1 or tried > _MAX_CHOICES:
                raise _MisfitError("the format drops empty items of a list: which ones, nobody can tell", "ambiguous")
        if not fitting:
            raise _MisfitError("the items of the list do not fit")
        yield from fitting[0]

    def _text_values(self, node: Literal, value: object) -> Iterator[object]:
        command = node.command
        if command is not None:
            _check_type(command, value)
            yield value
            return
        if not isinstance(value, str):
            raise _MisfitError(f"`{value}` stands where text is expected")
        data = to_bytes(value)
        count, places = self._splitter(node).split(data)
        if not count or (count > 1 and not self.takes_first):
            raise _MisfitError(f"`{value[:200]}` in the place of `{node.source}`", "ambiguous" if count else "no_match")
        commands = [piece for piece in node.pieces if isinstance(piece, Command)]
        for number, inner in enumerate(commands):
            yield self._shown(inner, to_text(data[places[2 * number] : places[2 * number + 1]]))

    def _shown(self, command: Command, piece: str) -> object:
        return self.layout.shown(self.layout.numbers[command.text], piece)

    def _splitter(self, node: Literal) -> LogSplitter:
        if node.source not in self._splitters:
            omit = self.layout.omit_empty_values
            program = compile_program(node.pieces, names=self._names, omit_empty_values=omit)
            self._splitters[node.source] = program.splitter()
        return self._splitters[node.source]


def _plain_member(member: tuple[str, Command]) -> tuple[str, type]:
    """Return the key of a member, and the type of a value that surely fits; None fits all."""
    key, command = member
    return key, int if command.operator.is_number else str


def _check_type(command: Command, value: object) -> None:
    operator = command.operator
    if value is None or operator.is_structured:
        return
    expected: type = int if operator.is_number else str
    if not isinstance(value, expected) or isinstance(value, bool):
        raise _MisfitError(f"`{value}` is not a value of `{command.text}`")


def _same(constant: object, value: object) -> bool:
    if isinstance(constant, bool) or isinstance(value, bool) or constant is None or value is None:
        return constant is value
    if isinstance(constant, int | float) and isinstance(value, int | float):
        return float(constant) == float(value)
    return constant == value
