"""What is said of a command operator: its syntax, the shape of its text, and what it shows without a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Syntax(Enum):
    """What may stand in the parentheses of a command, and whether a length may follow."""

    PLAIN = "plain"
    TIME = "time"
    HEADER = "header"
    OPTIONAL_HEADER = "header or none"
    PREFIX_LENGTH = "prefix length"
    WHITESPACE = "whitespace"
    METADATA_PATH = "path in metadata"
    METADATA = "metadata"
    NAME = "name"
    PATH = "path"
    QUERY = "query"
    DURATION = "duration"
    FILTER_STATE = "filter state"
    GRPC = "grpc"
    SERVER_NAME = "server name"
    CEL = "cel"
    COALESCE = "coalesce"
    XFCC = "xfcc"
    FILE = "file"

    @property
    def argument(self) -> str:
        """``none``, ``required`` or ``optional``."""
        if self is Syntax.PLAIN:
            return "none"
        return "optional" if self in _OPTIONAL else "required"

    @property
    def length(self) -> bool:
        """Whether ``:Z`` may follow."""
        return self in _LENGTH

    def __str__(self) -> str:
        shown = {"none": "", "required": "(A)", "optional": "[(A)]"}[self.argument] + ("[:Z]" if self.length else "")
        return shown or "—"


_OPTIONAL = {
    *(Syntax.TIME, Syntax.OPTIONAL_HEADER, Syntax.PREFIX_LENGTH, Syntax.WHITESPACE, Syntax.PATH, Syntax.QUERY),
    *(Syntax.GRPC, Syntax.SERVER_NAME),
}
_LENGTH = {
    *(Syntax.HEADER, Syntax.OPTIONAL_HEADER, Syntax.METADATA, Syntax.NAME, Syntax.PATH, Syntax.QUERY, Syntax.CEL),
    *(Syntax.FILTER_STATE, Syntax.COALESCE, Syntax.XFCC, Syntax.FILE),
}


class Shape(Enum):
    """The language of the text that an operator shows; `meshegress.accesslog.shapes` spells each in bytes."""

    UINT = "uint"
    INT = "int"
    NUMBERS = "numbers"
    PORT = "port"
    STAMP = "stamp"
    LOCAL_STAMP = "local stamp"
    FLAGS = "flags"
    LONG_FLAGS = "long flags"
    PROTOCOL = "protocol"
    WORD = "word"
    HEX = "hex"
    TOKEN = "token"
    NONBLANK = "nonblank"
    NONBLANK_OR_EMPTY = "nonblank or empty"
    NOSPACE = "nospace"
    NAME = "name"
    NAME_OR_EMPTY = "name or empty"
    ADDRESS = "address"
    ADDRESSES = "addresses"
    SNI = "sni"
    METHOD = "method"
    TARGET = "target"
    QUERY = "query"
    AUTHORITY = "authority"
    HEADER = "header"
    ANY = "any"


class Absent(Enum):
    """What stands in text and JSON where there is no value."""

    NEVER = "never"
    DASH = "dash"
    KEPT = "kept"
    EMPTY = "empty"
    PORT = "port"
    MASK = "mask"
    DASH_OR_EMPTY = "dash or empty"
    DASH_OR_MASK = "dash or mask"

    @property
    def shown(self) -> str:
        """The pair text / JSON, for a reader."""
        return _SHOWN[self]

    @property
    def may_be_empty(self) -> bool:
        """Whether the text can be empty without ``omit_empty_values``."""
        return self not in (Absent.NEVER, Absent.DASH)


_SHOWN = {
    Absent.NEVER: "never absent",
    Absent.DASH: "`-` / null",
    Absent.KEPT: '`-` / `"-"`, even with omit_empty_values',
    Absent.EMPTY: 'empty / `""`',
    Absent.PORT: "`-` / null; not an IP address: empty / null",
    Absent.MASK: '`(N)` of what is not an IP address: empty / `""`',
    Absent.DASH_OR_EMPTY: '`-` / null, or empty / `""`',
    Absent.DASH_OR_MASK: '`-` / null; `(N)` of what is not an IP address: empty / `""`',
}


@dataclass(frozen=True, slots=True)
class Operator:
    """One command operator: its name, syntax, the shape of its text, its absent value, and a note for readers."""

    name: str
    syntax: Syntax
    shape: Shape
    absent: Absent
    note: str
    #: The formatter extension that must be configured, where one must.
    extension: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether JSON shows an integer."""
        return self.shape in (Shape.UINT, Shape.INT, Shape.PORT)

    @property
    def is_structured(self) -> bool:
        """Whether JSON may show any JSON value, numbers as doubles."""
        return self.name in _STRUCTURED

    @property
    def json_type(self) -> str:
        """The JSON types that were seen, for a reader."""
        if self.is_number:
            return "number"
        return "any" if self.is_structured else "string"


_STRUCTURED = {
    *("METADATA", "DYNAMIC_METADATA", "CLUSTER_METADATA", "UPSTREAM_METADATA"),
    *("TYPED_CEL", "FILTER_STATE", "UPSTREAM_FILTER_STATE", "COALESCE", "GRPC_STATUS"),
}
