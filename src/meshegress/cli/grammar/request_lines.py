"""Requests in a file, one on each line: a URL, or a JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import meshegress
from meshegress import Request, RequestError
from meshegress.cli.grammar.pairs import Pair
from meshegress.cli.grammar.requests import Beyond, request_of

_SHOWN_ERRORS = 10
_SHOWN_TEXT = 200


def read_requests(name: str, beyond: Beyond, limit: int) -> list[tuple[str, Request]]:
    """Return the requests in the file *name*, of at most *limit* bytes, each behind the text that it is written as.

    A line that says less than *beyond* gets the rest from there; empty lines and those that begin with ``#`` are
    passed over. The bad lines are one error, which names the first of them.
    """
    found: list[tuple[str, Request]] = []
    errors: list[str] = []
    for number, line in enumerate(_lines(name, limit), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append((_shown(text), _read_line(text, beyond)))
        except RequestError as error:
            errors.append(f"{name}:{number}: {_shown(str(error))}")
    if errors:
        more = [f"and {len(errors) - _SHOWN_ERRORS} more"] if len(errors) > _SHOWN_ERRORS else []
        lines = "\n  ".join([*errors[:_SHOWN_ERRORS], *more])
        count = f"{len(errors)} line{' is' if len(errors) == 1 else 's are'} not a request"
        raise BadRequestsError(f"--requests: {count}:\n  {lines}")
    return found


class BadRequestsError(meshegress.MeshEgressError):
    """Lines of a file are not requests; all of them at once."""


def _lines(name: str, limit: int) -> Iterator[str]:
    if name == "-":
        data = sys.stdin.buffer.read(limit + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise BadRequestsError(f"--requests: `{name}` has more than {limit} bytes: raise --limit")
    try:
        yield from data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadRequestsError(f"{name}:{line}: byte 0x{data[error.start]:02x} is not UTF-8") from None


def _read_line(text: str, beyond: Beyond) -> Request:
    if not text.startswith("{"):
        return request_of(text, beyond)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(_shown(text), f"this is not JSON ({error})") from None
    if "url" not in value:
        return Request.from_dict(value)
    return request_of(_text(value, "url"), _beyond(value, beyond))


def _beyond(value: Mapping[str, Any], beyond: Beyond) -> Beyond:
    """Return what *value* says beside its URL, and for the rest what the command line says."""
    unknown = sorted(set(value) - _KEYS)
    if unknown:
        raise RequestError(unknown[0], f"beside `url` the keys are {', '.join(sorted(_KEYS - {'url'}))}")
    headers, first = value.get("headers"), value.get("first_bytes")
    return Beyond(
        address=_text_or(value, "address", beyond.address),
        method=_text_or(value, "method", beyond.method),
        headers=beyond.headers if headers is None else _headers(headers),
        connect=_text_or(value, "connect", beyond.connect),
        first_bytes=beyond.first_bytes if first is None else _bytes(_text(value, "first_bytes")),
    )


_KEYS = frozenset({"url", "address", "method", "headers", "connect", "first_bytes"})


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value[key]
    if not isinstance(found, str):
        raise RequestError(_shown(json.dumps(found)), f"`{key}` is text")
    return found


def _text_or(value: Mapping[str, Any], key: str, otherwise: str | None) -> str | None:
    return otherwise if value.get(key) is None else _text(value, key)


def _headers(value: Any) -> tuple[Pair, ...]:
    """Return headers from a mapping, or from a list of pairs where one name stands twice."""
    pairs = value.items() if isinstance(value, dict) else value
    if not isinstance(pairs, list) and not isinstance(value, dict):
        raise RequestError(_shown(json.dumps(value)), "`headers` is an object, or a list of pairs")
    found = [tuple(pair) if isinstance(pair, (list, tuple)) else () for pair in pairs]
    if any(len(pair) != 2 or not all(isinstance(part, str) for part in pair) for pair in found):
        raise RequestError(_shown(json.dumps(value)), "`headers` has pairs of texts")
    return tuple((name, text) for name, text in found)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise RequestError(_shown(text), "`first_bytes` is pairs of hex digits") from None


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}..."
