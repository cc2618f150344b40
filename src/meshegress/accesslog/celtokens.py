"""The tokens of a CEL expression: words, marks, numbers and strings, each as the grammar of CEL has it."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<blank>[\t\n\f\r\ ]+|//[^\n]*)
    |(?P<string>[bB]?(?:
        [rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n\r]*"|'[^'\n\r]*')
        |\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
        |"(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*'))
    |(?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    |(?P<int>(?:0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU])?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<escaped>`[A-Za-z0-9_.\-/\ ]+`)
    |(?P<mark>&&|\|\||[=!<>]=|[-+*/%!<>?:,.()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:(?P<mark>[abfnrtv"'\\?`])|(?P<octal>[0-3][0-7]{2})|[xX](?P<byte>[0-9a-fA-F]{2})"""
    r"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<wrong>.?))""",
    re.DOTALL,
)
_MARKS = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_MOST_CHARACTERS = 100_000


class CelError(Exception):
    """Envoy refuses the expression; the message says why."""


class Token(NamedTuple):
    """One token; its kind is string, bytes, float, int, uint, name, escaped, mark or end.

    ``value`` is what a string literal stands for, else the text itself.
    """

    kind: str
    text: str
    place: int
    value: str


def cel_tokens(text: str) -> list[Token]:
    """Return the tokens of *text*, without blanks and comments, and one of kind ``end``.

    Raises CelError where it has none.

    >>> [token.kind for token in cel_tokens("a.size() > 1u // why")]
    ['name', 'mark', 'name', 'mark', 'mark', 'mark', 'uint', 'end']
    """
    if len(text) > _MOST_CHARACTERS:
        raise CelError(f"the expression is longer than {_MOST_CHARACTERS} characters")
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise CelError(f"`{text[place]}` at {place} is no part of an expression")
        if match["blank"] is None:
            tokens.append(_token(match))
        place = match.end()
    return [*tokens, Token("end", "", place, "")]


def _token(match: re.Match[str]) -> Token:
    kind, text = str(match.lastgroup), match[0]
    if match["unsigned"]:
        kind = "uint"
    elif kind == "string" and text[0] in "bB":
        kind = "bytes"
    value = _string_value(text, is_bytes=kind == "bytes") if kind in ("string", "bytes") else text
    return Token(kind, text, match.start(), value)


def _string_value(text: str, *, is_bytes: bool) -> str:
    plain = text.lstrip("bBrR")
    quotes = 3 if plain[:3] in ('"""', "'''") and len(plain) > 5 else 1
    content = plain[quotes:-quotes]
    if "r" in text[: len(text) - len(plain)].lower():
        if _ends_in_escape(content):
            raise CelError(f"`{text}` ends in a backslash")
        return content
    return _ESCAPE.sub(lambda match: _unescaped(match, is_bytes=is_bytes), content)


def _ends_in_escape(content: str) -> bool:
    # Raw or not, Envoy takes a quote behind a backslash for one that does not end the literal.
    return (len(content) - len(content.rstrip("\\"))) % 2 == 1


def _unescaped(match: re.Match[str], *, is_bytes: bool) -> str:
    if match["mark"]:
        return _MARKS.get(match["mark"], match["mark"])
    if match["octal"] or match["byte"]:
        return chr(int(match["octal"], 8) if match["octal"] else int(match["byte"], 16))
    code = int(match["short"] or match["long"] or "110000", 16)
    if is_bytes or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise CelError(f"`{match[0]}` is not an escape here")
    return chr(code)
