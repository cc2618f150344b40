"""The sets that a change speaks of: ports, addresses, first bytes, names, conditions. Each can be asked, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from meshegress.analysis.cells import Cell, NameSpace
from meshegress.analysis.spaces.addresses import AddressSpace
from meshegress.analysis.spaces.first_bytes import HESITANT, Bytes
from meshegress.request import Request

_MOST_PORTS = 6
_MOST_NAMES = 5
_HTTP = (Bytes.HTTP11, Bytes.HTTP2, Bytes.HTTP10)
#: What all requests of a change have in common, where they are not those of every day.
_ODD_REQUESTS = {
    "malformed": "HTTP that the sidecar refuses to read",
    "unfinished": "HTTP that stops before its head ends",
    "connect": "HTTP CONNECT",
    "upgrade": "HTTP upgrades other than websocket",
}
#: Requests that people send, of the classes of :func:`class_of`.
ORDINARY = frozenset({"any", "plain"})


class Ports:
    """Some ports, and perhaps all of which no listener is."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        ports = {cell.scope.port for cell in cells}
        self.numbers = tuple(sorted(port for port in ports if port is not None))
        self.has_unlistened = None in ports
        self._named = cells[0].scope.named

    def __contains__(self, port: int) -> bool:
        return port in self.numbers or (self.has_unlistened and port not in self._named)

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.numbers[:_MOST_PORTS]))
        if len(self.numbers) > _MOST_PORTS:
            shown += f" and {len(self.numbers) - _MOST_PORTS} more"
        if self.has_unlistened:
            return "every port without a listener" + (f", and {shown}" if shown else "")
        return f"port {shown}" if len(self.numbers) == 1 else f"ports {shown}"


class Addresses:
    """Some addresses, prefixes, or all that no listener and no longer prefix has."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        spaces: dict[tuple[int, Any], AddressSpace] = {}
        for cell in cells:
            spaces[id(cell.scope.places), cell.scope.place] = cell.scope.places
        self._atoms = tuple((space, atom) for (_, atom), space in spaces.items())

    def __contains__(self, address: str) -> bool:
        return any(space.classify(address) == atom for space, atom in self._atoms)

    @property
    def texts(self) -> tuple[str, ...]:
        """Each atom in words."""
        return tuple(sorted({space.show(atom) for space, atom in self._atoms}))

    def __str__(self) -> str:
        texts = set(self.texts)
        for family, loopback in (("IPv4", "127.0.0.0/8"), ("IPv6", "::1/128")):
            if any(family in text for text in texts):
                texts.discard(loopback)  # told apart by the first look alone
        families = sorted({text.split()[-2] for text in texts if text.startswith("any")})
        if families and all(text.startswith("any") for text in texts):
            other = " other" if any("other" in text for text in texts) else ""
            return f"any{other} address" if len(families) == 2 else f"any{other} {families[0]} address"
        return listed(texts)


class FirstBytes:
    """Kinds of first bytes, and which of the requests in them where HTTP is read."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        cells = tuple(cells)
        self.kinds = frozenset(kind for cell in cells for kind in cell.scope.kinds or Bytes)
        self.classes = frozenset(class_of(cell) for cell in cells)

    def __contains__(self, request: Request) -> bool:
        return Bytes.of(request) in self.kinds

    def __str__(self) -> str:
        if len(self.classes) == 1 and (odd := _ODD_REQUESTS.get(next(iter(self.classes)))):
            return odd
        if self.kinds == frozenset(Bytes):
            return "everything"
        if self.kinds == frozenset(Bytes) - {Bytes.TLS}:
            return "everything but TLS"
        return ", ".join(self._parts()) or "bytes behind an empty line"

    def _parts(self) -> list[str]:
        parts = ["TLS"] if Bytes.TLS in self.kinds else []
        http = [kind for kind in _HTTP if kind in self.kinds]
        if http:
            parts.append("plaintext HTTP" if len(http) > 1 else str(http[0]))
        if Bytes.OTHER in self.kinds and self.classes != {"plain"}:
            parts.append("other bytes")
        if self.kinds & HESITANT:
            parts.append("clients that let the server speak first" if self.kinds <= HESITANT else "silent clients")
        return parts


class Names:
    """Server names or hosts; all, where nothing tells them apart."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        atoms: dict[tuple[int, Any], NameSpace] = {}
        for cell in cells:
            if cell.scope.names is not None:
                atoms[id(cell.scope.names), cell.scope.name] = cell.scope.names
        self._atoms = tuple((space, atom) for (_, atom), space in atoms.items())
        self.noun = self._atoms[0][0].noun if self._atoms else ""

    def __contains__(self, name: str) -> bool:
        return not self._atoms or any(space.classify(name) == atom for space, atom in self._atoms)

    @property
    def texts(self) -> tuple[str, ...]:
        """Each atom in words."""
        return tuple(sorted({space.show(atom) for space, atom in self._atoms}, key=_others_last))

    def __str__(self) -> str:
        texts = set(self.texts)
        texts = {text for text in texts if not (text.endswith(".") and text[:-1] in texts)}
        if len(texts) <= _MOST_NAMES:
            return listed(texts, _MOST_NAMES)
        return f"{len(texts)} {self.noun}s: {listed(texts, 3)}"


class When:
    """Conditions of routes; every request meets them where there is none."""

    def __init__(self, cells: Sequence[Cell], texts: Iterable[str]) -> None:
        self._cells = cells
        self.texts = tuple(sorted(text for text in texts if text))

    def __contains__(self, request: Request) -> bool:
        return any(cell.routing is None or cell.routing.contains(request) for cell in self._cells)

    def __str__(self) -> str:
        shown = "; or ".join(self.texts[:3])
        return shown + (f"; or {len(self.texts) - 3} more combinations" if len(self.texts) > 3 else "")


def class_of(cell: Cell) -> str:
    """Return what kind of request a cell is about: ``any`` bytes, ``plain`` HTTP, or an odd one."""
    objection = cell.scope.objection
    if objection is None:
        return "any"
    if objection.is_connect:
        return "connect"
    if objection.codec_error == 1:
        return "unfinished"
    if objection.is_refused:
        return "malformed"
    return "upgrade" if cell.routing is not None and 0 not in cell.routing.variants | _grpc(cell) else "plain"


def _grpc(cell: Cell) -> frozenset[int]:
    """Return the plain variant where a cell has gRPC alone: nothing about it is odd."""
    assert cell.routing is not None
    return frozenset({0}) if 1 in cell.routing.variants else frozenset()


def listed(texts: Iterable[str], most: int = 4) -> str:
    """Return *texts* in order, *most* of them.

    >>> listed(["b", "a", "c"], 2)
    'a, b and 1 more'
    """
    ordered = sorted(texts, key=_others_last)
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + rest


def _others_last(text: str) -> tuple[bool, str]:
    return text.startswith("every"), text
