"""Say whether Envoy accepts a CEL expression; nothing is evaluated.

Envoy parses the argument of CEL and TYPED_CEL when it loads its configuration, looks up every function by name and
number of arguments, and compiles regular expressions that are literals. So does this, by recursive descent: a rule of
the grammar is a method, and what it returns says of the parsed part what the parts around it ask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn

from meshegress.accesslog.celtokens import CelError, Token, cel_tokens
from meshegress.regex import is_valid_re2

# How deep the tree may be, and how many expressions may be open within each other.
_MOST_DEPTH, _MOST_OPEN = 32, 33
_LEVELS = (
    *(frozenset({"||"}), frozenset({"&&"}), frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})),
    *(frozenset({"+", "-"}), frozenset({"*", "/", "%"})),
)
_FLAT = 2  # so many levels, from the first
_LITERALS = frozenset({"true", "false", "null"})
_KEYWORDS = _LITERALS | {"in"}
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while"),
    }
)
# The functions of Envoy 1.40, by their number of arguments. Macros such as `all` and `map` are known and always
# refused, for comprehensions are switched off; so are `string`, and every function of the extension libraries.
_CONVERSIONS = ("timestamp", "duration", "int", "uint", "double", "bytes", "bool", "type", "dyn")
_GLOBAL = {
    **dict.fromkeys(("contains", "startsWith", "endsWith", "matches"), (2,)),
    **dict.fromkeys(("size", "__not_strictly_false__", *_CONVERSIONS), (1,)),
}
_DATES = ("FullYear", "Month", "DayOfYear", "DayOfMonth", "Date", "DayOfWeek")
_CLOCK = ("Hours", "Minutes", "Seconds", "Milliseconds")
_MEMBER = {
    **dict.fromkeys(("contains", "startsWith", "endsWith", "matches"), (1,)),
    **dict.fromkeys((f"get{part}" for part in _DATES + _CLOCK), (0, 1)),
    "size": (0,),
}
# What may be made with braces: a type of CEL itself, or a message that the binary holds. The packages of those are
# known here, the thousands of messages and their fields are not.
_TYPES = frozenset({"int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"})
_PACKAGES = ("google.", "envoy.", "cel.", "xds.", "udpa.", "validate.")


class _Node(NamedTuple):
    """A part of an expression: the depth of its tree, and what else it is, if anything."""

    depth: int = 1
    is_selection: bool = False
    #: The dotted name that the part is.
    path: str | None = None
    #: The string that the part is.
    literal: str | None = None


def expression_fault(text: str) -> str | None:
    """Return why Envoy refuses *text* as a CEL expression, or None where it does not.

    >>> expression_fault("request.headers['x'] == 'a'")
    >>> expression_fault("1 +")
    'the expression ends where an operand is expected'
    >>> expression_fault("request.path.lowerAscii()")
    '`lowerAscii` is not a function of one value and 0 arguments'
    """
    try:
        _CelParser(cel_tokens(text)).run()
    except CelError as error:
        return str(error)
    return None


class _CelParser:
    """Reads tokens from the left to the right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.open = 0

    def run(self) -> None:
        """Read one expression to the end."""
        self.expression()
        if self.peek.kind != "end":
            self.refuse("an operator")

    @property
    def peek(self) -> Token:
        """The next token."""
        return self.tokens[self.next]

    def take(self) -> Token:
        """Return the next token and pass it; the last one is never passed."""
        token = self.tokens[self.next]
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def takes(self, mark: str) -> bool:
        """Pass the next token where it is *mark*."""
        found = self.peek.kind == "mark" and self.peek.text == mark
        self.next += found
        return found

    def expect(self, mark: str) -> None:
        """Pass *mark*."""
        if not self.takes(mark):
            self.refuse(f"`{mark}`")

    def refuse(self, expected: str) -> NoReturn:
        """Say that something else than *expected* stands here."""
        if self.peek.kind == "end":
            raise CelError(f"the expression ends where {expected} is expected")
        raise CelError(f"`{self.peek.text}` at {self.peek.place} stands where {expected} is expected")

    def over(self, *parts: _Node, **what: object) -> _Node:
        """Return a node over *parts*."""
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > _MOST_DEPTH:
            raise CelError(f"the expression is nested deeper than {_MOST_DEPTH}")
        return _Node(depth, **what)  # type: ignore[arg-type]  # fields of the node

    def expression(self) -> _Node:
        """Read a condition ``a ? b : c``, or what is none."""
        self.open += 1
        if self.open > _MOST_OPEN:
            raise CelError(f"more than {_MOST_OPEN} expressions are open")
        node = self.binary(0)
        if self.takes("?"):
            then = self.binary(0)
            self.expect(":")
            node = self.over(node, then, self.expression())
        self.open -= 1
        return node

    def binary(self, level: int) -> _Node:
        """Read operands between the operators of *level*; those of ``||`` and ``&&`` make one flat node."""
        if level == len(_LEVELS):
            return self.unary()
        node = deepest = self.binary(level + 1)
        while self.peek.kind in ("mark", "name") and self.peek.text in _LEVELS[level]:
            self.take()
            operand = self.binary(level + 1)
            deepest = operand if operand.depth > deepest.depth else deepest
            node = self.over(deepest) if level < _FLAT else self.over(node, operand)
        return node

    def unary(self) -> _Node:
        """Read ``!`` or ``-``, one or several of a kind; one ``-`` before a number belongs to it."""
        nots, minuses = self.count("!"), 0
        while self.peek.text == "-" and self.peek.kind == "mark":
            is_sign = self.tokens[self.next + 1].kind in ("int", "float") and not minuses
            if is_sign or nots:
                break
            minuses += self.takes("-")
        node = self.member()
        return self.over(node) if nots or minuses else node

    def count(self, mark: str) -> int:
        """Pass every *mark* that follows and return how many there are."""
        start = self.next
        while self.takes(mark):
            pass
        return self.next - start

    def member(self) -> _Node:
        """Read a primary and what selects, indexes or calls it."""
        node = self.primary()
        while True:
            if self.takes("."):
                node = self.select(node)
            elif self.takes("["):
                node = self.over(node, self.expression())
                self.expect("]")
            elif node.path is not None and self.takes("{"):
                node = self.message(node.path)
            else:
                return node

    def select(self, operand: _Node) -> _Node:
        """Read a field, or a function that is called on *operand*."""
        token = self.take()
        is_name = token.kind == "name" and token.text not in _KEYWORDS
        if not is_name and token.kind != "escaped":
            raise CelError(f"`{token.text}` at {token.place} is not a field")
        if is_name and self.takes("("):
            arguments = self.arguments()
            if len(arguments) not in _MEMBER.get(token.text, ()):
                raise CelError(f"`{token.text}` is not a function of one value and {len(arguments)} arguments")
            self.check_pattern(token.text, arguments)
            return self.over(operand, *arguments)
        path = f"{operand.path}.{token.text}" if is_name and operand.path is not None else None
        return self.over(operand, is_selection=True, path=path)

    def primary(self) -> _Node:
        """Read a literal, a name, a call, a list, a map, or an expression in parentheses."""
        if self.takes("("):
            inner = self.expression()
            self.expect(")")
            return inner._replace(path=None)
        if self.takes("["):
            return self.over(*self.members("]", self.item))
        if self.takes("{"):
            return self.over(*self.members("}", self.pair))
        if self.peek.kind in ("string", "bytes", "int", "uint", "float") or self.peek.text == "-":
            return self.literal()
        return self.name()

    def literal(self) -> _Node:
        """Read a number, with its sign, or a string."""
        sign = self.takes("-")
        token = self.take()
        if sign and token.kind not in ("int", "float"):
            raise CelError(f"`-` at {token.place} stands where an operand is expected")
        if token.kind in ("int", "uint"):
            digits = token.text.rstrip("uU")
            value = int(digits, 16 if digits.startswith("0x") else 10) if len(digits) < 400 else 2**64
            if value >= (2**64 if token.kind == "uint" else 2**63 + sign):
                raise CelError(f"`{token.text[:40]}` is too large")
        return _Node(literal=token.value if token.kind == "string" else None)

    def name(self) -> _Node:
        """Read a name or a call, perhaps behind a dot; or one of the three words that are values."""
        dot = "." if self.takes(".") else ""
        token = self.peek
        if token.kind == "name" and token.text in _LITERALS and not dot:
            self.take()
            return _Node()
        if token.kind != "name" or token.text in _KEYWORDS:
            self.refuse("an operand")
        self.take()
        if token.text in _RESERVED:
            raise CelError(f"`{token.text}` at {token.place} is a reserved word")
        return self.call(dot + token.text) if self.takes("(") else _Node(path=dot + token.text)

    def call(self, name: str) -> _Node:
        """Read the arguments of the function or macro *name*."""
        arguments = self.arguments()
        if name == "has" and len(arguments) == 1:
            if not arguments[0].is_selection:
                raise CelError("`has` asks for a field: write `has(a.b)`")
            return self.over(*arguments)
        if len(arguments) not in _GLOBAL.get(name.removeprefix("."), ()):
            raise CelError(f"`{name}` is not a function of {len(arguments)} arguments")
        self.check_pattern(name.removeprefix("."), arguments)
        return self.over(*arguments)

    def check_pattern(self, name: str, arguments: list[_Node]) -> None:
        """Refuse a regular expression that is a literal and none of RE2's."""
        pattern = arguments[-1].literal if name == "matches" else None
        if pattern is not None and not is_valid_re2(pattern):
            raise CelError(f"`{pattern}` is not a regular expression")

    def arguments(self) -> list[_Node]:
        """Read what stands between the parentheses of a call."""
        found: list[_Node] = []
        if self.takes(")"):
            return found
        found.append(self.expression())
        while self.takes(","):
            found.append(self.expression())
        self.expect(")")
        return found

    def members(self, end: str, read: Callable[[], list[_Node]]) -> list[_Node]:
        """Read what stands up to *end*, by *read*; a comma may stand behind the last, even where there is none."""
        found: list[_Node] = []
        if self.takes(","):
            self.expect(end)
            return found
        while not self.takes(end):
            found += read()
            if not self.takes(","):
                self.expect(end)
                break
        return found

    def item(self) -> list[_Node]:
        """Read a member of a list."""
        return [self.expression()]

    def pair(self) -> list[_Node]:
        """Read a key and its value."""
        key = self.expression()
        self.expect(":")
        return [key, self.expression()]

    def field(self) -> list[_Node]:
        """Read a field of a message and its value."""
        token = self.take()
        if token.kind not in ("name", "escaped") or token.text in _KEYWORDS:
            raise CelError(f"`{token.text}` at {token.place} is not a field")
        self.expect(":")
        return [self.expression()]

    def message(self, path: str) -> _Node:
        """Read the fields of a message; of those that Envoy knows, only the packages are known here."""
        if path.removeprefix(".") not in _TYPES and not path.removeprefix(".").startswith(_PACKAGES):
            raise CelError(f"`{path}` is not a message that Envoy knows")
        return self.over(*self.members("}", self.field))
