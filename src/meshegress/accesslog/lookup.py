"""Find the value of a command among the values that are given, or derive it from a related one.

A mapping of values names commands as a format does, without the percent signs: ``REQ(:AUTHORITY)``, ``BYTES_SENT``;
Istio's JSON keys (``authority``, ``bytes_sent``) will do as well. What is asked and not given is derived where another
value tells it: an alternative or alias of a header, an address without its port, a time in another format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property

from meshegress.accesslog.addresses import masked, port_of, without_port
from meshegress.accesslog.arguments import METADATA_KINDS, coalesce_operators, file_parts
from meshegress.accesslog.flags import LONG_NAMES
from meshegress.accesslog.formatstring import Command
from meshegress.accesslog.grpc import status_text
from meshegress.accesslog.instants import epoch_ns
from meshegress.accesslog.jsonvalues import read_json
from meshegress.accesslog.operator_table import OPERATORS
from meshegress.accesslog.operators import Syntax
from meshegress.accesslog.paths import path_value, query_param, query_params
from meshegress.accesslog.presets import KEYS
from meshegress.accesslog.process import Process
from meshegress.accesslog.rendering import json_of, text_of
from meshegress.accesslog.timeformat import LOCAL_TIME, Moment, format_time
from meshegress.accesslog.values import Shown
from meshegress.accesslog.xfcc import client_certificate_field

_WHITE_SPACE = re.compile(r"[ \t\n\v\f\r]")
_OPERATOR_KEYS = {text: key for key, text in KEYS.items()} | {"UPSTREAM_CLUSTER_RAW": "upstream_cluster"}

# Headers of one exchange, under each name that an operator has for them.
_HEADER_FAMILIES = {
    "REQ": "request",
    "REQUEST_HEADER": "request",
    "STREAM_INFO_REQ": "request",
    "REQ_WITHOUT_QUERY": "request",
    "RESP": "response",
    "RESPONSE_HEADER": "response",
    "TRAILER": "trailer",
    "RESPONSE_TRAILER": "trailer",
}


class Lookup:
    """The values of one record and of the process that writes it."""

    def __init__(self, values: Mapping[str, object], process: Process) -> None:
        self.values = values
        self.process = process

    def find(self, command: Command) -> object:
        """Return the value of *command*, or None."""
        bare = command.bare_text.removesuffix("()")
        for text in (command.text, bare, _OPERATOR_KEYS.get(bare, bare)):
            if text in self.values:
                value = self.values[text]
                is_moment = isinstance(value, datetime | int) and command.operator.syntax is Syntax.TIME
                shown = _time_text(command, value, self.process) if is_moment else None
                return value if shown is None else shown
        derive = _DERIVED.get(command.operator.name)
        return derive(self, command) if derive else None

    def plain(self, text: str) -> object:
        """Return the value given for exactly *text*, or under Istio's key for it, without its very text."""
        value = self.values.get(text)
        if value is None:
            value = self.values.get(_OPERATOR_KEYS.get(text, text))
        return value.value if isinstance(value, Shown) else value

    @cached_property
    def headers(self) -> dict[tuple[str, str], object]:
        """The headers that are given, by family and lower-cased name."""
        found: dict[tuple[str, str], object] = {}
        for text in self.values:
            name, _, rest = KEYS.get(text, text).partition("(")
            family = _HEADER_FAMILIES.get(name)
            if family and rest.endswith(")") and "?" not in rest and name != "REQ_WITHOUT_QUERY":
                header = rest[:-1].lower()
                found.setdefault((family, ":authority" if header == "host" else header), self.plain(text))
        return found

    def header(self, family: str, argument: str) -> str | None:
        """Return the first header of ``X?Y`` that is there; Envoy keeps Host as ``:authority``."""
        for name in argument.lower().split("?"):
            value = self.headers.get((family, ":authority" if name == "host" else name))
            if name and value is not None:
                return str(value)
        return None


def _header(lookup: Lookup, command: Command) -> str | None:
    name = command.operator.name
    value = lookup.header(_HEADER_FAMILIES[name], command.argument or "")
    return value.partition("?")[0] if value is not None and name == "REQ_WITHOUT_QUERY" else value


def _path(lookup: Lookup, command: Command) -> str | None:
    query, source, *_ = [*(command.argument or "").split(":"), "", ""]
    path = lookup.header("request", "x-envoy-original-path") if source != "PATH" else None
    if not path:  # an empty header counts as none
        path = lookup.header("request", ":path") if source != "ORIG" else None
    return path_value(path, with_query=query != "NQ")


def _query(lookup: Lookup, command: Command) -> str | None:
    path = lookup.header("request", ":path")
    if command.operator.name == "QUERY_PARAM":
        return query_param(path, command.argument or "")
    return query_params(path, decoded=command.argument == "DECODED")


def _time(lookup: Lookup, command: Command) -> object:
    """Look for the same moment in another form: a time is given once, in UTC or as local."""
    base = command.operator.name.removesuffix("_LOCAL")
    now = lookup.process.now_ns if base == "EMIT_TIME" else None
    for value in (lookup.plain(base), lookup.plain(f"{base}_LOCAL"), now):
        instant = epoch_ns(value)
        if instant is not None:
            return _time_text(command, instant, lookup.process)
    return None


def _time_text(command: Command, value: object, process: Process) -> str | None:
    """Show *value*, an instant or a moment; what is given for a local operator keeps its own zone."""
    instant = epoch_ns(value)
    if instant is None:
        return None
    if not command.operator.name.endswith("_LOCAL"):
        return format_time(command.argument, Moment.at(instant, process_zone=process.zone))
    zone = (value.tzinfo if isinstance(value, datetime) else None) or process.zone
    return format_time(command.argument or LOCAL_TIME, Moment.at(instant, zone, process_zone=process.zone))


def _address(lookup: Lookup, command: Command) -> object:
    name = command.operator.name
    whole = name.removesuffix("_WITHOUT_PORT").removesuffix("_PORT")
    whole = whole if whole.endswith("_ADDRESS") else f"{whole}_ADDRESS"
    address = lookup.plain(whole)
    if address is None and whole == "UPSTREAM_REMOTE_ADDRESS":
        address = lookup.plain("UPSTREAM_HOST")
    if not isinstance(address, str):
        return None
    if name.endswith("_WITHOUT_PORT"):
        return masked(address, command.argument) if command.argument else without_port(address)
    port = port_of(address)
    return Shown(None, "") if port is None else port


def _server_name(lookup: Lookup, command: Command) -> object:
    """The server name of the hello, or the host, whichever the argument puts first."""
    order, source, *_ = [*(command.argument or "").split(":"), "", ""]
    name = lookup.plain("REQUESTED_SERVER_NAME")
    if order in ("", "SNI_ONLY"):
        return name
    sources = {"ORIG": "x-envoy-original-host", "HOST": ":authority"}
    host = lookup.header("request", sources.get(source, "x-envoy-original-host?:authority"))
    first, second = (name, host) if order == "SNI_FIRST" else (host, name)
    return second if first is None else first


def _certificate(lookup: Lookup, command: Command) -> object:
    header = lookup.header("request", "x-forwarded-client-cert")
    return None if header is None else client_certificate_field(header, command.argument or "")


def _stream_id(lookup: Lookup, command: Command) -> object:
    return lookup.header("request", "x-request-id")


def _details(lookup: Lookup, command: Command) -> object:
    details = lookup.plain("RESPONSE_CODE_DETAILS")
    if details is None:
        details = lookup.plain("RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)")
    keeps = command.argument == "ALLOW_WHITESPACES" or not isinstance(details, str)
    return details if keeps else _WHITE_SPACE.sub("_", str(details))


def _flags(lookup: Lookup, command: Command) -> object:
    flags = lookup.plain("RESPONSE_FLAGS")
    if isinstance(flags, str):
        flags = tuple(flags.split(",")) if flags not in ("", "-") else ()
    if not isinstance(flags, tuple):
        return None
    return ",".join(LONG_NAMES.get(str(flag), str(flag)) for flag in flags) or "-"


def _cluster(lookup: Lookup, command: Command) -> object:
    raw = command.operator.name == "UPSTREAM_CLUSTER_RAW"
    return lookup.plain("UPSTREAM_CLUSTER" if raw else "UPSTREAM_CLUSTER_RAW")


def _grpc(lookup: Lookup, command: Command) -> object:
    number = lookup.plain("GRPC_STATUS_NUMBER")
    return status_text(number, command.argument or "CAMEL_STRING") if isinstance(number, int) else None


def _metadata(lookup: Lookup, command: Command) -> object:
    """Walk down from the nearest value that is given for the namespace or a part of the path."""
    name = command.operator.name
    path = (command.argument or "").split(":")
    kind = path.pop(0) if name == "METADATA" else _KIND_OF[name]
    for size in range(len(path), 0, -1):
        head = ":".join(path[:size])
        for text in (f"METADATA({kind}:{head})", f"{_OPERATOR_OF.get(kind, '')}({head})"):
            value = lookup.plain(text)
            for key in path[size:]:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value is not None:
                return value
    return None


_KIND_OF = {"DYNAMIC_METADATA": "DYNAMIC", "CLUSTER_METADATA": "CLUSTER", "UPSTREAM_METADATA": "UPSTREAM_HOST"}
_OPERATOR_OF = {kind: name for name, kind in _KIND_OF.items()}
assert _OPERATOR_OF.keys() <= set(METADATA_KINDS)


def _coalesce(lookup: Lookup, command: Command) -> object:
    """Return the value of the first operator that has one, and the text of the first that has a text.

    A text may be empty, or the dash of ENVIRONMENT; no value is one that JSON shows as null.
    """
    value: object = None
    text: str | None = None
    for name, argument, length in coalesce_operators(command.argument or ""):
        bare = name + (f"({argument})" if argument else "")
        inner = Command(OPERATORS[name], argument, length, bare + (f":{length}" if length else ""))
        found = lookup.find(inner)
        in_json = json_of(inner, found)
        if text is None and (isinstance(found, Shown) or in_json != "null"):
            text = text_of(inner, found)
        if value is None and in_json is not None and in_json != "null":
            value = read_json(in_json)
    return None if text is None else Shown(value, text)  # type: ignore[arg-type]  # a JSON value


def _of_process(lookup: Lookup, command: Command) -> object:
    process, name = lookup.process, command.operator.name
    return {
        "ENVIRONMENT": process.environment.get(command.argument or ""),
        "FILE_CONTENT": process.files.get("".join(file_parts(command.argument or "")[:1])),
        "HOSTNAME": process.hostname,
        "UNIQUE_ID": process.unique_id,
    }[name]


_DERIVED: dict[str, Callable[[Lookup, Command], object]] = {
    **dict.fromkeys(_HEADER_FAMILIES, _header),
    "PATH": _path,
    **dict.fromkeys(("QUERY_PARAM", "QUERY_PARAMS"), _query),
    **{name: _time for name in OPERATORS if name.startswith(("START_TIME", "EMIT_TIME")) or "_CERT_V_" in name},
    **{name: _address for name in OPERATORS if name.endswith(("_ADDRESS_WITHOUT_PORT", "LOCAL_PORT", "REMOTE_PORT"))},
    "RESPONSE_FLAGS_LONG": _flags,
    "REQUESTED_SERVER_NAME": _server_name,
    "RESPONSE_CODE_DETAILS": _details,
    "STREAM_ID": _stream_id,
    "XFCC_VALUE": _certificate,
    **dict.fromkeys(("UPSTREAM_CLUSTER", "UPSTREAM_CLUSTER_RAW"), _cluster),
    "GRPC_STATUS": _grpc,
    **dict.fromkeys(("METADATA", *_KIND_OF), _metadata),
    "COALESCE": _coalesce,
    **dict.fromkeys(("ENVIRONMENT", "FILE_CONTENT", "HOSTNAME", "UNIQUE_ID"), _of_process),
}
