"""What Envoy refuses between the parentheses of a command, one rule per kind of argument."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from meshegress.accesslog.cel import expression_fault
from meshegress.accesslog.operators import Syntax

# Header names are tokens, some pseudo headers with one colon before; an empty name is allowed and matches nothing.
_HEADER = re.compile(r"(?::?[a-z0-9!#$%&'*+\-.^_`|~]+)?")
# A newline would end the record: Envoy refuses the time specifier that makes one, whatever its flags and width.
_NEWLINE = re.compile(r"%[-_0^#]*[1-9]*[EO]?n")

METADATA_KINDS = ("DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "LISTENER_FILTER_CHAIN", "VIRTUAL_HOST")
_DURATION_UNITS = ("ms", "us", "ns")
_FILTER_STATE_KINDS = ("", "PLAIN", "TYPED", "FIELD")
_MOST_INTEGER = 2**63 - 1
_XFCC_FIELDS = ("uri", "dns", "subject", "hash", "by", "cert", "chain")

# For operators whose argument is options separated by colons: the words allowed at each place.
_OPTIONS: dict[Syntax, tuple[tuple[str, ...], ...]] = {
    Syntax.GRPC: (("CAMEL_STRING", "SNAKE_STRING", "NUMBER"),),
    Syntax.PATH: (("", "WQ", "NQ"), ("", "ORIG", "PATH", "ORIG_OR_PATH")),
    Syntax.QUERY: (("ORIG", "DECODED"),),
    Syntax.SERVER_NAME: (("", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST"), ("", "ORIG", "HOST", "ORIG_OR_HOST")),
}


class CommandRule(Protocol):
    """Says why a whole command is refused, or None: COALESCE lists commands, which never are those of extensions."""

    def __call__(self, name: str, argument: str | None, length: int | None) -> str | None:
        """Return the reason."""


def argument_fault(syntax: Syntax, argument: str, command_fault: CommandRule) -> str | None:
    """Return why *argument* is refused under *syntax*, or None where it is not.

    >>> argument_fault(Syntax.HEADER, "X-A?X-B?X-C", lambda name, argument, length: None)
    'at most one alternative header may follow `?`'
    """
    if syntax is Syntax.COALESCE:
        return _coalesce_fault(argument, command_fault)
    if syntax in _OPTIONS:
        return _options_fault(_OPTIONS[syntax], argument)
    rule = _RULES.get(syntax)
    return rule(argument) if rule else None


def _header_fault(argument: str) -> str | None:
    names = argument.split("?")
    if len(names) > 2:
        return "at most one alternative header may follow `?`"
    for name in names:
        if not _HEADER.fullmatch(lower_ascii(name)):
            return f"`{name}` is not a header name"
    return None


def lower_ascii(name: str) -> str:
    """Return *name* with the letters of ASCII in lower case; other letters keep theirs, as in Envoy."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name)


def _time_fault(argument: str) -> str | None:
    return "the time format makes a newline" if _NEWLINE.search(argument) else None


def _duration_fault(argument: str) -> str | None:
    parts = argument.split(":")
    if not 2 <= len(parts) <= 3:
        return "a duration is START:END or START:END:UNIT"
    if len(parts) == 3 and parts[2] not in _DURATION_UNITS:
        return f"`{parts[2]}` is not a unit of a duration: write ms, us or ns"
    return None


def _filter_state_fault(argument: str) -> str | None:
    key, kind, field, *_ = [*argument.split(":"), "", ""]
    if not key:
        return "the key of a filter state cannot be empty"
    if kind not in _FILTER_STATE_KINDS:
        return f"`{kind}` is not a form of a filter state: write PLAIN, TYPED or FIELD:name"
    if (kind == "FIELD") != bool(field):
        return "FIELD, and only FIELD, is followed by the name of a field"
    return None


def _metadata_fault(argument: str) -> str | None:
    kind = argument.partition(":")[0]
    if kind in METADATA_KINDS:
        return None
    return f"`{kind}` is not a kind of metadata: write one of {', '.join(METADATA_KINDS)}"


def _options_fault(places: tuple[tuple[str, ...], ...], argument: str) -> str | None:
    parts = argument.split(":") if len(places) > 1 else [argument]
    for part, words in zip(parts, places, strict=False):
        if part not in words:
            return f"`{part}` is not an option here: write {' or '.join(word for word in words if word)}"
    return None


def _file_fault(argument: str) -> str | None:
    return None if 1 <= len(file_parts(argument)) <= 2 else "a file is `path` or `path:watched directory`"


def file_parts(argument: str) -> tuple[str, ...]:
    """Return the path of FILE_CONTENT and, where it is given, the directory that is watched.

    >>> file_parts("a.txt:.")
    ('a.txt', '.')
    """
    return tuple(filter(None, argument.split(":")))


def _xfcc_fault(argument: str) -> str | None:
    if lower_ascii(argument) in _XFCC_FIELDS:
        return None
    return f"`{argument}` is not a field of a client certificate: write one of {', '.join(_XFCC_FIELDS)}"


_RULES: dict[Syntax, Callable[[str], str | None]] = {
    Syntax.HEADER: _header_fault,
    Syntax.OPTIONAL_HEADER: _header_fault,
    Syntax.TIME: _time_fault,
    Syntax.DURATION: _duration_fault,
    Syntax.FILTER_STATE: _filter_state_fault,
    Syntax.METADATA: _metadata_fault,
    Syntax.XFCC: _xfcc_fault,
    Syntax.CEL: expression_fault,
    Syntax.FILE: _file_fault,
}


# COALESCE: a JSON list of operators, each a name or an object; it may nest.


def coalesce_operators(argument: str) -> tuple[tuple[str, str | None, int | None], ...]:
    """Return (name, argument, length) of each operator that *argument*, already checked, lists.

    >>> coalesce_operators('{"operators":["PROTOCOL",{"command":"REQ","param":"x","max_length":3}]}')
    (('PROTOCOL', None, None), ('REQ', 'x', 3))
    """
    found = _coalesce_config(argument)["operators"]
    return tuple(
        (one, None, None) if isinstance(one, str) else (one["command"], one.get("param") or None, one.get("max_length"))
        for one in found
    )


def _coalesce_fault(argument: str, command_fault: CommandRule) -> str | None:
    try:
        config = _coalesce_config(argument)
    except (ValueError, RecursionError):
        return "COALESCE needs a JSON object"
    operators = config.get("operators") if isinstance(config, dict) else None
    if not isinstance(operators, list) or not operators:
        return "COALESCE needs `operators`, a list that is not empty"
    for number, one in enumerate(operators):
        fault = _coalesce_operator_fault(one, command_fault)
        if fault:
            return f"COALESCE, operator {number}: {fault}"
    return None


def _coalesce_config(argument: str) -> Any:
    """Read JSON as Envoy's own reader does; it is stricter than Python's about numbers and surrogates."""
    config = json.loads(
        argument.removeprefix("\ufeff"), parse_constant=_no_constant, parse_int=_integer, parse_float=_double
    )
    json.dumps(config, ensure_ascii=False).encode("utf-8")
    return config


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _integer(digits: str) -> int | float:
    number = float(digits) if len(digits) > 20 else int(digits)
    if _MOST_INTEGER < number < 2 * _MOST_INTEGER + 2:
        raise ValueError(f"{digits} is beyond 64 bits with a sign")
    return _double(digits) if number > _MOST_INTEGER or number < -_MOST_INTEGER - 1 else number


def _double(digits: str) -> float:
    number = float(digits)
    if number in (math.inf, -math.inf):
        raise ValueError(f"{digits} is beyond all doubles")
    return number


def _coalesce_operator_fault(one: object, command_fault: CommandRule) -> str | None:
    if isinstance(one, str):
        return command_fault(one, None, None)
    if not isinstance(one, dict) or not isinstance(one.get("command"), str):
        return "an operator is a name, or an object with `command`"
    param, length = one.get("param", ""), one.get("max_length", 1)
    if not isinstance(param, str):
        return "`param` is a string"
    if type(length) is not int or length <= 0:
        return "`max_length` is a whole number above 0"
    return command_fault(one["command"], param or None, one.get("max_length"))
