"""Server names: each name and ``.suffix`` that a filter chain asks for, and every other, and none.

The first key of all on the way from a name to its suffixes determines the first key of each table.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshegress._engine.chosen import PackedRequest
from meshegress._engine.conditions import fold
from meshegress.analysis.spaces.labels import LABELS, NOBODYS_DOMAIN
from meshegress.table import FilterChain

#: The atom of every other name, and of no name.
OTHER_NAMES = ""


class ServerNames:
    """The atoms of the server names that *chains* ask for."""

    noun = "server name"

    def __init__(self, chains: Iterable[FilterChain]) -> None:
        self.keys = {key_of(name) for chain in chains for name in chain.match.server_names if name}

    def of(self, request: PackedRequest) -> str:
        """Return the atom of *request*."""
        return self.classify(request.server_name)

    def classify(self, name: str) -> str:
        """Return the atom of the server name *name*."""
        name = fold(name)
        if name in self.keys or not name:
            return name
        dot = name.find(".", 1)
        while 0 < dot < len(name) - 1:
            if name[dot:] in self.keys:
                return name[dot:]
            dot = name.find(".", dot + 1)
        return OTHER_NAMES

    def witness(self, atom: str) -> str | None:
        """Return a server name of *atom*, or None where none is found."""
        if atom and not atom.startswith("."):
            return atom
        names = (label + atom if atom else f"{label}.{NOBODYS_DOMAIN}" for label in LABELS)
        return next((name for name in names if self.classify(name) == atom), None)

    def show(self, atom: str) -> str:
        """Return *atom* in words."""
        if not atom:
            return "every other server name, and none"
        return f"*{atom}" if atom.startswith(".") else atom


def key_of(name: str) -> str:
    """Return the key under which the table of server names has *name*.

    >>> key_of("*.A.com"), key_of("a.com")
    ('.a.com', 'a.com')
    """
    return fold(name[1:] if name.startswith("*.") else name)
