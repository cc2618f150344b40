"""An access-log format, compiled once: writes entries as Envoy does, and reads lines back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Literal, Protocol

from meshegress._engine.chosen import DASHED, LogKind, LogWriter
from meshegress.accesslog.boundaries import compile_program
from meshegress.accesslog.detect import Detection, choose_format
from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.fields import field_names, kind_of
from meshegress.accesslog.formatstring import Command, Piece, parse_format
from meshegress.accesslog.jsonparser import JsonParser
from meshegress.accesslog.lookup import Lookup
from meshegress.accesslog.operators import Absent, Syntax
from meshegress.accesslog.presets import JSON_PRESETS, NARROWER, TEXT_PRESETS
from meshegress.accesslog.process import Process
from meshegress.accesslog.rendering import text_of
from meshegress.accesslog.shapes import Names
from meshegress.accesslog.template import Members, compile_template, named_commands, render
from meshegress.accesslog.textparser import TextParser, TieBreak
from meshegress.accesslog.values import to_bytes
from meshegress.errors import LogFormatError

_NO_PROCESS = Process()
_DASHED = (Absent.DASH, Absent.PORT, Absent.DASH_OR_EMPTY, Absent.DASH_OR_MASK)


class MeshLogging(Protocol):
    """What is read of a mesh configuration."""

    @property
    def access_log_format(self) -> str | None:
        """The text of ``accessLogFormat``."""

    @property
    def access_log_encoding(self) -> object:
        """``TEXT`` or ``JSON``."""


class AccessLogFormat:
    """A text format (or, by ``json``, a JSON format) of Envoy's access log.

    *formatters* names the formatter extensions that are configured, such as ``envoy.formatter.req_without_query``.

    Raises LogFormatError where Envoy would refuse the format.

    >>> log = AccessLogFormat("%REQ(:METHOD)% %RESPONSE_CODE%")
    >>> log.format({"REQ(:METHOD)": "GET", "RESPONSE_CODE": 200})
    'GET 200'
    >>> log.parse("GET 200").response_code
    200
    """

    def __init__(self, text: str, *, omit_empty_values: bool = False, formatters: Collection[str] = ()) -> None:
        if not isinstance(text, str):
            raise LogFormatError(repr(text), 0, 1, "a text format is a string; for a mapping there is `json`")
        self._compile(text, parse_format(text, formatters), None, omit_empty_values, formatters)

    @classmethod
    def json(
        cls, mapping: Mapping[str, object], *, omit_empty_values: bool = False, formatters: Collection[str] = ()
    ) -> AccessLogFormat:
        """Return the JSON format of *mapping*, whose strings are text formats.

        >>> AccessLogFormat.json({"code": "%RESPONSE_CODE%", "by": "lab"}).format({"RESPONSE_CODE": 200})
        '{"by":"lab","code":200}'
        """
        if not isinstance(mapping, Mapping):
            raise LogFormatError(repr(mapping)[:80], 0, 1, "a JSON format is a mapping")
        tree = compile_template(mapping, formatters)
        assert isinstance(tree, Members)
        made = cls.__new__(cls)
        text = json.dumps(mapping, ensure_ascii=False, default=dict)
        made._compile(text, (), tree, omit_empty_values, formatters)
        return made

    @classmethod
    def preset(cls, name: str, *, omit_empty_values: bool = False) -> AccessLogFormat:
        """Return the format *name*, for example ``istio-text``, ``istio-1.5-text``, ``istio-json``, ``envoy-default``.

        >>> AccessLogFormat.preset("envoy-default").kind
        'text'
        """
        if name in TEXT_PRESETS:
            formatters = ("kuma",) if name.startswith("kuma") else ()
            return cls(TEXT_PRESETS[name], omit_empty_values=omit_empty_values, formatters=formatters)
        if name in JSON_PRESETS:
            return cls.json(JSON_PRESETS[name], omit_empty_values=omit_empty_values)
        known = ", ".join((*TEXT_PRESETS, *JSON_PRESETS))
        raise LogFormatError(str(name), 0, len(str(name)), f"no preset has this name; there are {known}")

    @classmethod
    def from_mesh(cls, mesh_config: MeshLogging) -> AccessLogFormat:
        """Return the format that ``accessLogFormat`` and ``accessLogEncoding`` of a mesh configuration ask for.

        An empty format is Istio's default. Istio ends a text format that has no newline with one, and configures the
        extension REQ_WITHOUT_QUERY where the format names it.

        Raises LogFormatError where the format is not what the encoding needs.
        """
        text = mesh_config.access_log_format or ""
        is_json = str(getattr(mesh_config.access_log_encoding, "value", mesh_config.access_log_encoding)) == "JSON"
        formatters = ("envoy.formatter.req_without_query",) if "REQ_WITHOUT_QUERY" in text else ()
        if not text:
            return cls.preset("istio-json" if is_json else "istio-text")
        if not is_json:
            return cls(text if text.endswith("\n") else f"{text}\n", formatters=formatters)
        try:
            mapping = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LogFormatError(
                text,
                0,
                len(text),
                f"with encoding JSON the format is a JSON object, else istiod takes its default: {error}",
            ) from None
        return cls.json(mapping, formatters=formatters)

    @classmethod
    def detect(cls, lines: Iterable[str | bytes], *, limit: int = 1000) -> Detection[AccessLogFormat]:
        """Return which preset fits most of the first *limit* lines, how sure that is, and what share did not fit.

        Raises LogParseError where no preset fits any line.

        >>> AccessLogFormat.detect(['{"a":1}'])
        Traceback (most recent call last):
        meshegress.errors.LogParseError: no_match: no known format fits any of 1 lines: `{"a":1}`
        """
        formats = {name: cls.preset(name) for name in (*TEXT_PRESETS, *JSON_PRESETS)}
        parsers = {name: log.parser(strict=True) for name, log in formats.items()}

        def count_of(name: str, line: str | bytes) -> int:
            narrower = NARROWER.get(name)
            return 0 if narrower and parsers[narrower].count(line) else parsers[name].count(line)

        return choose_format(lines, formats, count_of, limit=limit)

    def _compile(
        self,
        text: str,
        pieces: tuple[Piece, ...],
        tree: Members | None,
        omit_empty_values: bool,
        formatters: Collection[str],
    ) -> None:
        self.text = text
        self.pieces = pieces
        self.tree = tree
        self.omit_empty_values = omit_empty_values
        self.formatters = frozenset(formatters)
        named = tuple(named_commands(tree)) if tree is not None else ()
        texts = (piece for piece in pieces if isinstance(piece, Command))
        self.commands: tuple[Command, ...] = tuple(command for _, command in named) or tuple(texts)
        paths = tuple(path for path, _ in named)
        # Keys name the fields of a JSON format, unless one string holds several commands.
        self.names = paths if len(set(paths)) == len(paths) and paths else field_names(self.commands)

    @property
    def kind(self) -> Literal["text", "json"]:
        """Whether lines are text or JSON."""
        return "text" if self.tree is None else "json"

    def format(self, entry: AccessLogEntry | Mapping[str, object], *, process: Process = _NO_PROCESS) -> str:
        """Return the line that Envoy writes for *entry*, without the newline that ends the record.

        A mapping holds values by operator (``REQ(:AUTHORITY)``) or by Istio's key (``authority``). Bytes that are not
        UTF-8 stand in the line as lone surrogates.
        """
        record = self._record(entry, process)
        return record.removesuffix("\n") if self._is_terminated else record

    @property
    def _is_terminated(self) -> bool:
        """Whether the format itself ends each record in a newline; the last value of a record may end in one, too."""
        return self.tree is not None or self.text.endswith("\n")

    def format_bytes(self, entry: AccessLogEntry | Mapping[str, object], *, process: Process = _NO_PROCESS) -> bytes:
        """Return the whole record as Envoy writes it, the newline included where the format has one."""
        return to_bytes(self._record(entry, process))

    def _record(self, entry: AccessLogEntry | Mapping[str, object], process: Process) -> str:
        values = entry.operators if isinstance(entry, AccessLogEntry) else entry
        find = Lookup(values, process).find
        if self.tree is not None:
            return (render(self.tree, find, omit_empty_values=self.omit_empty_values) or "{}") + "\n"
        return "".join(
            piece if isinstance(piece, str) else text_of(piece, find(piece), omit_empty_values=self.omit_empty_values)
            for piece in self.pieces
        )

    def writer(self) -> Callable[[tuple[object, ...]], str]:
        """Return a function that writes typed values, one for each command in its order, as a line.

        It is ``format`` for many lines: nothing is looked up or derived, and a parser's ``values`` go in as they are.

        Raises LogFormatError for a JSON format.

        >>> AccessLogFormat("%PROTOCOL% %RESPONSE_CODE%").writer()((None, 200))
        '- 200'
        """
        if self.tree is not None:
            raise LogFormatError(self.text, 0, 1, "only text formats have a writer; use `format`")
        literals = [""]
        for piece in self.pieces:
            if isinstance(piece, str):
                literals[-1] += piece
            else:
                literals.append("")
        literals[-1] = literals[-1].removesuffix("\n")
        return LogWriter(literals, bytes(map(self._writing_kind, self.commands)), self._show).write

    def _writing_kind(self, command: Command) -> int:
        # Where `text_of` shows a text as it is, and no value as a dash, the twins need not ask.
        if self.omit_empty_values or command.length is not None or command.operator.is_structured:
            return LogKind.OTHER
        return kind_of(command) | (DASHED if command.operator.absent in _DASHED else 0)

    def _show(self, number: int, value: object) -> str:
        command = self.commands[number]
        if command.operator.syntax is Syntax.TIME:
            value = Lookup({command.text: value}, _NO_PROCESS).find(command)
        return text_of(command, value, omit_empty_values=self.omit_empty_values)

    def parse(self, line: str | bytes, *, strict: bool = False) -> AccessLogEntry:
        """Return the entry that *line* shows; one newline at its end is ignored.

        Names of clusters and routes hold no white space. A JSON record is read by its keys, unless *strict* asks for
        exactly the members of the format; ``entry.tolerances`` says what was tolerated.

        Raises LogParseError where the line does not fit the format, or fits it in more than one way; LogFormatError
        where the format cannot be read back.
        """
        return self._strict_parser.parse(line) if strict else self._parser.parse(line)

    @cached_property
    def _parser(self) -> TextParser | JsonParser:
        return self.parser()

    @cached_property
    def _strict_parser(self) -> TextParser | JsonParser:
        return self.parser(strict=True)

    def parser(
        self, *, names: str = "strict", tie_break: TieBreak | None = None, strict: bool = False
    ) -> TextParser | JsonParser:
        """Return a parser of lines in this format; a *strict* one reads JSON of exactly the format's members only.

        *names* ``relaxed`` lets names from the configuration hold anything but a line feed. *tie_break* ``ua-widest``
        chooses among several readings; it is right only where a trusted hop wrote path, X-Forwarded-For and
        X-Request-Id.

        Raises LogFormatError where the format cannot be read back, with the fields at fault.
        """
        layout = FieldLayout(self.commands, self.names, omit_empty_values=self.omit_empty_values)
        if self.tree is not None:
            return JsonParser(self.text, self.tree, layout, names=Names(names), tie_break=tie_break, strict=strict)
        return TextParser(self.text, self.pieces, layout, names=Names(names), tie_break=tie_break)

    def count_parses(self, line: str | bytes, *, names: str = "relaxed") -> int:
        """Return the number of ways to read *line*: 0, 1, or 2 for more; formats that cannot be read back count too."""
        if self.tree is not None:
            return self.parser(names=names, strict=True).count(line)
        program = compile_program(self.pieces, names=Names(names), omit_empty_values=self.omit_empty_values)
        return program.splitter().split(to_bytes(line) if isinstance(line, str) else line)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccessLogFormat) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.kind, self.text, self.omit_empty_values, self.formatters)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        omit = ", omit_empty_values=True" if self.omit_empty_values else ""
        shown = f".json({self.text}" if self.kind == "json" else f"({self.text!r}"
        return f"AccessLogFormat{shown}{omit})"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, self._key())


def _rebuild(kind: str, text: str, omit_empty_values: bool, formatters: frozenset[str]) -> AccessLogFormat:
    if kind == "json":
        return AccessLogFormat.json(json.loads(text), omit_empty_values=omit_empty_values, formatters=formatters)
    return AccessLogFormat(text, omit_empty_values=omit_empty_values, formatters=formatters)
