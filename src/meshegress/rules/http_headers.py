"""Changes to headers on the way: what may be set, added and removed, and values with ``%VARIABLES%``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshegress.resources.shape import shown
from meshegress.resources.virtual_service import HeaderOperations, Headers, HTTPRewrite
from meshegress.rules.problem import Path, Problem, Problems

_AUTHORITY = (":authority", "host")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header_problems(headers: Headers | None, path: Path) -> Problems:
    """Judge the changes at *path*; only requests may have their authority set."""
    if headers is None:
        return
    yield from _operation_problems(headers.request, (*path, "request"), is_request=True)
    yield from _operation_problems(headers.response, (*path, "response"), is_request=False)


def _operation_problems(operations: HeaderOperations | None, path: Path, *, is_request: bool) -> Problems:
    if operations is None:
        return
    for field, values in (("add", operations.add), ("set", operations.set)):
        for name, value in values.items():
            yield from _name_problems(name, (*path, field, name), authority_allowed=is_request)
            if (message := value_fault(value)) is not None:
                yield Problem((*path, field, name), message, "write `%%` for a percent sign")
    for index, name in enumerate(operations.remove):
        yield from _name_problems(name, (*path, "remove", index), authority_allowed=False)


def _name_problems(name: str, path: Path, *, authority_allowed: bool) -> Problems:
    if not name:
        yield Problem(path, "the name of the header is empty", "name the header")
    elif name.lower() in _AUTHORITY:
        if not authority_allowed:
            yield Problem(
                path,
                f"header {shown(name)} is not to be changed here",
                "set `rewrite.authority`, or leave the header as it is",
            )
    elif name.startswith(":"):
        yield Problem(path, f"header {shown(name)} is not to be changed", "leave the header as it is")


def authority_problems(rewrite: HTTPRewrite | None, headers: Headers | None) -> Problems:
    """Refuse an authority that is written twice."""
    written: list[Path] = [("rewrite", "authority")] if rewrite is not None and rewrite.authority else []
    request = headers.request if headers is not None else None
    for path, value in _authorities(request) if request is not None else ():
        # Istio does not mind an empty one before another.
        if value or written:
            written.append(path)
    if len(written) > 1:
        yield Problem(written[1], "the authority is written twice", "write it once")


def _authorities(operations: HeaderOperations) -> Iterator[tuple[Path, str]]:
    for field, values in (("set", operations.set), ("add", operations.add)):
        for name, value in values.items():
            if name.lower() in _AUTHORITY:
                yield ("headers", "request", field, name), value


# The grammar of `%NAME%` and `%NAME(...)%`: from each state, what a character leads to; None is a mistake. States that
# take any other character name it "".
_STATES: dict[str, dict[str, str | None]] = {
    "text": {"%": "name", "": "text"},
    "name": {"%": "text", "(": "open", "": "name"},
    "open": {"[": "quote", " ": "open", "": "string"},
    "quote": {'"': "string", " ": "quote", "": None},
    "string": {")": "end", '"': "next", "": "string"},
    "next": {",": "quote", "]": "close", " ": "next", "": None},
    "close": {")": "end", " ": "close", "": None},
    "end": {"%": "text", " ": "end", "": None},
}


def value_fault(value: str) -> str | None:
    """Return what is wrong with *value* as one of a header that Envoy formats.

    >>> value_fault("100%%"), value_fault("%START_TIME%")
    (None, None)
    >>> value_fault("50%")
    '`50%` has a variable without its end'
    """
    if _CONTROL.search(value):
        return "the value has control characters"
    state: str | None = "text"
    characters = iter(value)
    for character in characters:
        if state == "string" and character == "\\":
            if next(characters, None) is None:
                break
            continue
        row = _STATES[state or "text"]
        state = row.get(character, row[""])
        if state is None:
            return f"{shown(value)} has a variable that is not written as `%NAME%` or `%NAME(...)%`"
    return None if state == "text" else f"{shown(value)} has a variable without its end"
