"""Say whether a CEL expression can be parsed; nothing is evaluated.

Envoy parses the argument of CEL and TYPED_CEL when it loads its configuration and refuses what is no expression. This
is a recognizer without recursion: it expects an operand or an operator in turn and keeps the open brackets.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MAX_DEPTH = 250
_TOKEN = re.compile(
    r"""
    (?P<blank>[\t\n\f\r\ ]+|//[^\n]*)
    |(?P<string>
        [rR]?[bB]?(?P<long>\"{3}|'{3})(?:\\.|.)*?(?P=long)
        |(?:[bB]?[rR]|[rR][bB])(?:"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0x[0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?|[0-9]+[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<mark>&&|\|\||[=!<>]=|[-+*/%!<>?:,.()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_BINARY = frozenset({"&&", "||", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in"})
_LITERALS = frozenset({"true", "false", "null"})
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
_CLOSING = {")": ("group", "call", "arguments"), "]": ("list", "index"), "}": ("key", "value", "field")}


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


class _FaultError(Exception):
    """The expression cannot be parsed."""


def expression_fault(text: str) -> str | None:
    """Return why *text* is no CEL expression, or None where it is one.

    >>> expression_fault("request.headers['x'] == 'a'")
    >>> expression_fault("1 +")
    'the expression ends where an operand is expected'
    """
    try:
        _Recognizer(_tokens(text)).run()
    except _FaultError as fault:
        return str(fault)
    return None


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _FaultError(f"`{text[place]}` at {place} is no part of an expression")
        kind = next(name for name in ("blank", "string", "number", "name", "mark") if match[name] is not None)
        if kind != "blank":
            tokens.append(_Token(kind, match[0], place))
        place = match.end()
    return tokens


class _Recognizer:
    """Walks over tokens; ``open`` holds what is open, ``callable`` whether a call or message may follow."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.open: list[str] = []
        self.callable = False
        self.message = False

    def run(self) -> None:
        """Read one expression to the end."""
        self.operand()
        while self.next < len(self.tokens):
            self.operator(self.take("an operator"))
        if self.open:
            raise _FaultError(f"the expression ends inside a {self.open[-1]}")

    def take(self, expected: str) -> _Token:
        """Return the next token."""
        if self.next == len(self.tokens):
            raise _FaultError(f"the expression ends where {expected} is expected")
        self.next += 1
        return self.tokens[self.next - 1]

    def peek(self) -> str:
        """Return the text of the next token, or nothing."""
        return self.tokens[self.next].text if self.next < len(self.tokens) else ""

    def push(self, what: str) -> None:
        """Open a bracket or a condition."""
        self.open.append(what)
        if len(self.open) > _MAX_DEPTH:
            raise _FaultError("the expression is nested too deeply")

    def operand(self) -> None:
        """Read the start of an operand, opening brackets on the way, until an operator may follow."""
        unary = ""
        while True:
            token = self.take("an operand")
            if token.text in ("-", "!") and unary in ("", token.text):
                unary = token.text
                continue
            unary = ""
            if token.text in ("(", "[", "{"):
                self.push({"(": "group", "[": "list", "{": "key"}[token.text])
                if token.text != "(" and self.peek() == {"[": "]", "{": "}"}[token.text]:
                    return self.close(self.take("a bracket"))
                continue
            return self.atom(token)

    def atom(self, token: _Token) -> None:
        """Read a literal or a name."""
        if token.kind in ("string", "number") or token.text in _LITERALS:
            self.callable = self.message = False
            if token.kind == "number":
                _check_number(token.text)
            return
        if token.text == ".":
            token = self.take("a name")
        if token.kind != "name" or token.text in _RESERVED or token.text in _LITERALS or token.text == "in":
            raise _FaultError(f"`{token.text}` at {token.place} is no operand")
        self.callable = self.message = True

    def operator(self, token: _Token) -> None:
        """Read what may follow an operand."""
        text = token.text
        if text in _BINARY:
            self.operand()
        elif text == ".":
            self.select()
        elif text in ("[", "(", "{"):
            self.bracket(token)
        elif text in _CLOSING:
            self.close(token)
        elif text in ("?", ":", ","):
            self.separator(token)
        else:
            raise _FaultError(f"`{text}` at {token.place} where an operator is expected")

    def select(self) -> None:
        """Read the field after a dot; it may be any word but `in` and the literals."""
        token = self.take("a field")
        if token.kind != "name" or token.text in _LITERALS or token.text == "in":
            raise _FaultError(f"`{token.text}` at {token.place} is no field")
        self.callable = True

    def bracket(self, token: _Token) -> None:
        """Open an index, the arguments of a call, or the fields of a message."""
        if (token.text == "(" and not self.callable) or (token.text == "{" and not self.message):
            raise _FaultError(f"`{token.text}` at {token.place} where an operator is expected")
        self.push({"[": "index", "(": "arguments", "{": "field"}[token.text])
        if token.text != "[" and self.peek() == {"(": ")", "{": "}"}[token.text]:
            self.close(self.take("a bracket"))
        elif token.text == "{":
            self.field()
        else:
            self.operand()

    def field(self) -> None:
        """Read ``name: value`` of a message."""
        name, colon = self.take("a field"), self.take("`:`")
        if name.kind != "name" or colon.text != ":":
            raise _FaultError(f"`{name.text}` at {name.place} is no field of a message")
        self.operand()

    def close(self, token: _Token) -> None:
        """Close the innermost bracket."""
        if self.open and self.open[-1] == "key" and self.tokens[self.next - 2].text not in ("{", ","):
            raise _FaultError(f"`}}` at {token.place} where a value is expected")
        if not self.open or self.open[-1] not in _CLOSING[token.text]:
            raise _FaultError(f"`{token.text}` at {token.place} closes nothing")
        self.open.pop()
        self.callable = self.message = False

    def separator(self, token: _Token) -> None:
        """Read ``?``, ``:`` or a comma: the next member, key, value or branch."""
        inner = self.open[-1] if self.open else ""
        if token.text == "?" and inner != "condition":
            self.push("condition")
        elif token.text == ":" and inner == "condition":
            self.open.pop()
        elif token.text == ":" and inner == "key":
            self.open[-1] = "value"
        elif token.text == "," and inner in ("list", "arguments", "value", "field"):
            self.member(inner)
            return
        else:
            raise _FaultError(f"`{token.text}` at {token.place} where an operator is expected")
        self.operand()

    def member(self, inner: str) -> None:
        """Read the member after a comma; lists, maps and messages may end with one."""
        if inner == "value":
            self.open[-1] = "key"
        if inner != "arguments" and self.peek() == {"list": "]", "value": "}", "field": "}"}[inner]:
            self.close(self.take("a bracket"))
        elif inner == "field":
            self.field()
        else:
            self.operand()


def _check_number(text: str) -> None:
    if "." in text or (not text.startswith("0x") and "e" in text.lower()):
        return
    limit = 2**64 if text[-1] in "uU" else 2**63
    digits = text.rstrip("uU")
    if int(digits, 16 if digits.startswith("0x") else 10) > limit - (text[-1] in "uU"):
        raise _FaultError(f"`{text}` is too large")
