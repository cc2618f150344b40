"""One entry of an access log: typed, by field name or operator, converted when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Literal

from meshegress._engine.chosen import LogRecord
from meshegress.accesslog.fields import FieldValue, is_converted, istio_key, kind_of, typed_json, typed_text
from meshegress.accesslog.formatstring import Command, known_command
from meshegress.accesslog.operators import Absent
from meshegress.accesslog.predicted import predicted_values
from meshegress.accesslog.presets import KEYS
from meshegress.accesslog.reading.circumstances import STRICT, Circumstances
from meshegress.accesslog.reading.direction import Direction, direction_of
from meshegress.accesslog.reading.emitter import Emitter
from meshegress.accesslog.replayed import REQUEST_FIELDS, ended_at_gateway, logged_request, no_request, request_doubts
from meshegress.accesslog.values import Shown, to_bytes, to_text
from meshegress.decision import Decision
from meshegress.errors import LogParseError
from meshegress.request import Request


class FieldLayout:
    """The fields of a format, shared by all entries that were read in it."""

    def __init__(self, commands: tuple[Command, ...], names: tuple[str, ...], *, omit_empty_values: bool) -> None:
        self.commands = commands
        self.names = names
        self.omit_empty_values = omit_empty_values
        self.texts = tuple(command.text for command in commands)
        #: The commands whose values JSON shows as text: flags and instants.
        self.converted = tuple(command for command in commands if is_converted(command))
        self.numbers: dict[str, int] = {}
        for number, command in enumerate(commands):
            self.numbers.setdefault(command.text, number)
            self.numbers.setdefault(self.names[number], number)
        for number, command in enumerate(commands):  # Istio's key finds its operator under any key of a JSON format
            key = istio_key(command)
            if key is not None:
                self.numbers.setdefault(key, number)
        self.kinds = bytes(kind_of(command, omit_empty_values=omit_empty_values) for command in commands)

    def __reduce__(self) -> tuple[object, ...]:
        texts = tuple(command.text for command in self.commands)
        return (_layout, (texts, self.names, self.omit_empty_values))

    def typed(self, number: int, piece: str) -> FieldValue:
        """Return the value of field *number*, shown as *piece*."""
        return typed_text(self.commands[number], piece, omit_empty_values=self.omit_empty_values)

    def shown(self, number: int, piece: str) -> FieldValue | Shown:
        """Return the value with its very text, so that writing it again gives the same bytes."""
        value = self.typed(number, piece)
        if value is None and piece == ("" if self.omit_empty_values else "-"):
            return None
        if self.commands[number].operator.absent is Absent.KEPT and not isinstance(value, str):
            return value
        return Shown(value, piece)  # type: ignore[arg-type]  # a moment shows as its text


@lru_cache(maxsize=64)
def _layout(texts: tuple[str, ...], names: tuple[str, ...], omit_empty_values: bool) -> FieldLayout:
    """Return the layout of commands, as it was pickled; entries of one format share it again."""
    return FieldLayout(tuple(map(known_command, texts)), names, omit_empty_values=omit_empty_values)


class AccessLogEntry(LogRecord):
    """One record of an access log.

    Read a field by name (Istio's JSON keys, ``entry.response_code``), by operator (``entry["REQ(:AUTHORITY)"]``), or
    all of them with ``as_dict()``. An operator that the format does not have is None. Entries compare by their values.

    >>> entry = AccessLogEntry({"RESPONSE_CODE": 200, "REQ(:AUTHORITY)": "a.com"})
    >>> entry.response_code, entry.authority, entry["RESPONSE_CODE"], entry.user_agent
    (200, 'a.com', 200, None)
    """

    __slots__ = ("_circumstances",)

    layout: FieldLayout | None
    _circumstances: Circumstances

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values: Mapping[str, object] | None = MappingProxyType(dict(values))

    @classmethod
    def from_line(cls, layout: FieldLayout, line: bytes, places: tuple[int, ...]) -> AccessLogEntry:
        """Return the entry of a text *line* whose fields lie at *places*: start and end of each, in order."""
        entry = cls.__new__(cls)
        entry.place(layout, line, places)
        return entry

    @classmethod
    def from_json(cls, layout: FieldLayout, values: tuple[object, ...]) -> AccessLogEntry:
        """Return the entry of a JSON record; *values* are those of the layout's commands."""
        typed = dict(zip(layout.texts, values, strict=True))
        for command in layout.converted:
            typed[command.text] = _typed_member(command, typed[command.text])
        entry = cls.__new__(cls)
        entry.layout, entry.values = layout, typed
        return entry

    @classmethod
    def from_decision(
        cls,
        decision: Decision,
        request: Request,
        *,
        istio: str | None = None,
        tls_inspector: bool | None = None,
        **known: object,
    ) -> AccessLogEntry:
        """Return what the sidecar would log for *request*, decided as *decision*; any format can write it.

        What nobody can predict is absent, or as *known* says by Istio's keys, for example ``start_time`` or
        ``upstream_host``. An upstream is taken to answer 200; of a split, the member with most weight is taken. *istio*
        matters for UPSTREAM_CLUSTER, which has a delimiter behind the name since 1.23. *tls_inspector* says whether the
        listener reads server names; by default a listener of a service does, the catch-all one does not.

        Raises RequestError where the sidecar writes no record, or a key of *known* is none of Istio's.
        """
        return cls(predicted_values(decision, request, istio=istio, tls_inspector=tls_inspector, known=known))

    @property
    def circumstances(self) -> Circumstances:
        """Who wrote the record and how it was read, in one object; ``under`` sets it."""
        try:
            return self._circumstances
        except AttributeError:  # no reader had anything to say
            return STRICT

    def under(self, circumstances: Circumstances) -> AccessLogEntry:
        """Keep *circumstances*, and return this entry."""
        self._circumstances = circumstances
        return self

    @property
    def emitter(self) -> Emitter:
        """Who wrote the record (Pod, namespace, container, node, stream, time), as far as what surrounds it says."""
        return self.circumstances.emitter

    @property
    def rest(self) -> str | None:
        """What stands behind the record of a known format; None where there is nothing."""
        return self.circumstances.rest

    @property
    def unsure(self) -> tuple[str, ...]:
        """The fields on which the readings of an ambiguous line differ; they have no value here."""
        return self.circumstances.unsure

    @property
    def tolerances(self) -> tuple[str, ...]:
        """What was tolerated to read the record; nothing where it was read strictly."""
        return self.circumstances.tolerances

    @property
    def direction(self) -> Direction:
        """``outbound``, ``inbound``, ``gateway``, ``waypoint`` or ``unknown``, with ``reason``; it is a ``str``.

        >>> AccessLogEntry({"UPSTREAM_CLUSTER": "inbound|8080||"}).direction.reason
        'the cluster is inbound|8080||'
        """
        return direction_of(self.get, self.emitter, self.unsure)

    def to_request(self, *, direction: Literal["outbound", "gateway", "any"] = "outbound") -> Request:
        """Return the request behind this entry, so that it can be decided again; see ``request_doubts``.

        Only outbound requests are a sidecar's to decide; *direction* ``gateway`` gives those that reached a gateway,
        inside the mutual TLS that it ended, and ``any`` those of other entries, too. Where the format does not name the
        destination (``DOWNSTREAM_LOCAL_ADDRESS``), the request has no address.

        Raises LogParseError where the entry is not an outbound one (``reason`` is ``not_outbound``), is not a request
        (``no_request``), or can be read as several (``ambiguous``); RequestError where it tells no destination at all.

        >>> AccessLogEntry(
        ...     {
        ...         "UPSTREAM_CLUSTER": "outbound|443||a.com",
        ...         "DOWNSTREAM_LOCAL_ADDRESS": "1.2.3.4:443",
        ...         "REQUESTED_SERVER_NAME": "a.com",
        ...     }
        ... ).to_request()
        Request.tls('a.com', address='1.2.3.4', port=443)
        """
        found = self.direction
        if direction not in ("any", str(found)):
            raise self._refusal(f"not_{direction}", f"the direction is {found}: {found.reason}")
        unsure = [name for name in REQUEST_FIELDS if name in self.unsure]
        if unsure:
            raise self._refusal("ambiguous", f"the readings of the line differ in {', '.join(unsure)}")
        reason = no_request(self.get, self.__contains__)
        if reason:
            raise self._refusal("no_request", reason)
        request = logged_request(self.get, self.operators)
        return ended_at_gateway(request, self.get) if direction == "gateway" else request

    def _refusal(self, reason: str, detail: str) -> LogParseError:
        line: object = self.line  # where it is ASCII, the native twin keeps text
        shown = to_text(line) if isinstance(line, bytes) else str(line or self)
        return LogParseError(shown, "", reason, detail)

    def request_doubts(self) -> tuple[str, ...]:
        """Return what a log cannot tell of the request, a sentence for each doubt."""
        return request_doubts(self.get)

    def text(self, name: str) -> str | None:
        """Return the very text of the field *name* or operator in the line, None where the format has none such."""
        number = self.layout.numbers.get(name) if self.layout else None
        return None if number is None or self.line is None else self.piece(number)

    def get(self, name: str) -> FieldValue:
        """Return the value of a field by its name or operator, None where there is none."""
        try:
            return self[name]
        except KeyError:
            return None

    def __getitem__(self, name: str) -> FieldValue:
        if self.layout is not None and self.line is not None:
            return self.field(self.layout.numbers[name])  # type: ignore[return-value]  # typed by the layout
        if name in self.circumstances.extra:
            return self.circumstances.extra[name]  # type: ignore[return-value]  # a value of JSON
        values = self.operators
        text = self._operator_of(name)
        if text not in values:
            raise KeyError(name)
        value = values[text]
        return value.value if isinstance(value, Shown) else value  # type: ignore[return-value]  # as given

    def _operator_of(self, name: str) -> str:
        if self.layout is not None and name in self.layout.numbers:
            return self.layout.commands[self.layout.numbers[name]].text
        if name in self.operators:
            return name
        text = KEYS.get(name, name)
        if text in self.operators:
            return text
        return {"upstream_cluster": "UPSTREAM_CLUSTER_RAW", "path": "REQ(:PATH)"}.get(name, text)

    def __contains__(self, name: object) -> bool:
        if self.layout is not None:
            return name in self.layout.numbers or name in self.circumstances.extra
        return isinstance(name, str) and self._operator_of(name) in self.operators

    def __getattr__(self, name: str) -> FieldValue:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self:
            return self[name]
        if name in KEYS or name in self.unsure:
            return None
        raise AttributeError(f"this entry has no field `{name}`; it has {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the format."""
        if self.layout is not None:
            return (*self.layout.names, *self.circumstances.extra)
        known = {text: key for key, text in KEYS.items()} | {"UPSTREAM_CLUSTER_RAW": "upstream_cluster"}
        return tuple(known.get(text, text) for text in self.operators)

    @property
    def operators(self) -> Mapping[str, object]:
        """The values by operator, as the formatter takes them; what was read from text keeps its very text."""
        if self.values is None:
            assert self.layout is not None
            layout = self.layout
            shown = (layout.shown(number, self.piece(number)) for number in range(len(layout.commands)))
            pairs = zip((command.text for command in layout.commands), shown, strict=True)
            self.values = MappingProxyType(dict(pairs))
        return self.values

    def as_dict(self) -> dict[str, FieldValue]:
        """Return all fields, typed, by name."""
        if self.layout is not None and self.line is not None:
            return {name: self.field(number) for number, name in enumerate(self.layout.names)}  # type: ignore[misc]  # a record tells no types
        if self.layout is not None and self.values is not None:
            values = self.values
            shown = ((name, values[text]) for name, text in zip(self.layout.names, self.layout.texts, strict=True))
            plain = {name: value.value if isinstance(value, Shown) else value for name, value in shown}
            return {**plain, **self.circumstances.extra}  # type: ignore[dict-item]  # as given
        return {name: self[name] for name in self.names}

    def keys(self) -> tuple[str, ...]:
        """The names of the fields, so that ``dict(entry)`` is ``entry.as_dict()``."""
        return self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _key(self) -> tuple[tuple[str, FieldValue], ...]:
        if self.layout is not None:
            return tuple((command.text, self[command.text]) for command in self.layout.commands)
        return tuple((text, self[text]) for text in self.operators)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AccessLogEntry):
            return NotImplemented
        return dict(self._key()) == dict(other._key())

    def __hash__(self) -> int:
        plain = (pair for pair in self._key() if not isinstance(pair[1], list | dict))
        return hash(frozenset(plain))

    def __repr__(self) -> str:
        return f"AccessLogEntry({dict(self._key())!r})"

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.as_dict().items() if value not in (None, ()))

    def __reduce__(self) -> tuple[object, ...]:
        if self.layout is not None and self.line is not None:
            pieces = [to_bytes(self.piece(number)) for number in range(len(self.layout.commands))]
            ends = tuple(accumulate(map(len, pieces)))
            places = tuple(place for pair in zip((0, *ends), ends, strict=False) for place in pair)
            made: tuple[object, ...] = (AccessLogEntry.from_line, (self.layout, b"".join(pieces), places))
        else:
            made = (_with_layout, (dict(self.operators), self.layout))
        return made if self.circumstances == STRICT else (*made, self.circumstances)

    def __setstate__(self, circumstances: Circumstances) -> None:
        self._circumstances = circumstances


def _typed_member(command: Command, value: object) -> object:
    typed = value if isinstance(value, Shown) else typed_json(command, value)
    # An instant of a format of its own has digits that a datetime does not keep.
    return Shown(typed, str(value)) if isinstance(typed, datetime) and command.argument else typed  # type: ignore[arg-type]  # a moment shows as its text


def _with_layout(values: Mapping[str, object], layout: FieldLayout | None) -> AccessLogEntry:
    entry = AccessLogEntry(values)
    entry.layout = layout
    return entry
