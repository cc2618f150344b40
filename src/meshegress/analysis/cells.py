"""Cells: sets of requests on which both tables are constant, and sets of which that is not proven.

Whether a request is in one is told from the description of the cell alone; no table is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from meshegress.analysis.matches.combinations import Cube
from meshegress.analysis.matches.dimensions import Conditions, Ends
from meshegress.analysis.spaces.addresses import Address, AddressSpace
from meshegress.analysis.spaces.first_bytes import Bytes, Objection, objection_of
from meshegress.analysis.spaces.offers import Choice, Offers
from meshegress.decision import Decision
from meshegress.request import Request

#: The variants in which an access log shows replies.
ALL_VARIANTS = frozenset(range(4))


class NameSpace(Protocol):
    """The names that requests are told apart by: server names or authorities."""

    noun: str

    def of(self, request: Request, /) -> Any:
        """Return the atom of *request*."""

    def classify(self, name: str, /) -> Any:
        """Return the atom of *name*."""

    def show(self, atom: Any, /) -> str:
        """Return *atom* in words."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scope:
    """A set of requests, as far as listeners, filter chains and virtual hosts tell them apart.

    A *port* of None is every port outside *named*. None for *kinds*, *objection* or *names* allows all.
    """

    port: int | None
    named: frozenset[int]
    place: Address
    places: AddressSpace
    kinds: frozenset[Bytes] | None = None
    objection: Objection | None = None
    normalizes: bool = True
    name: Any = None
    names: NameSpace | None = None

    def contains(self, request: Request) -> bool:
        """Return whether *request*, which has an address, is in the set."""
        if (request.port if request.port in self.named else None) != self.port:
            return False
        if self.kinds is not None and Bytes.of(request) not in self.kinds:
            return False
        if self.places.classify(request.destination) != self.place:
            return False
        if self.objection is not None and objection_of(request, normalizes=self.normalizes) != self.objection:
            return False
        return self.names is None or self.names.of(request) == self.name


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Routing:
    """The requests of an HTTP scope that take the same rows of all virtual hosts: *cubes* of conditions lead there.

    *variants* are how an access log shows their replies: plain, gRPC, an upgrade, or both.
    """

    conditions: Conditions
    ends: Ends
    is_grpc: bool
    cubes: Sequence[Cube]
    variants: frozenset[int]

    def contains(self, request: Request) -> bool:
        """Return whether *request* takes these rows."""
        if request.variant not in self.variants or not self.conditions.sees(request):
            return False
        if not self.conditions.dimensions:
            return True
        return self.conditions.ends_of(self.conditions.masks(request)) == (self.ends, self.is_grpc)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cell:
    """A set of requests that are answered otherwise, with one of them and both of its decisions."""

    scope: Scope
    before: Decision
    after: Decision
    witness: Request
    offer: Choice = ()
    offers: Offers | None = None
    routing: Routing | None = None

    def contains(self, request: Request) -> bool:
        """Return whether *request*, which has an address, is in the cell."""
        if not self.scope.contains(request):
            return False
        if self.offers is not None and self.offers.classify(request.offered) != self.offer:
            return False
        return self.routing is None or self.routing.contains(request)


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """A set of requests of which it is not proven that both sides answer alike, and why."""

    scope: Scope
    reason: str

    def contains(self, request: Request) -> bool:
        """Return whether *request*, which has an address, is in the set."""
        return self.scope.contains(request)

    @property
    def where(self) -> str:
        """The set in words."""
        scope = self.scope
        port = "every port without a listener" if scope.port is None else f"port {scope.port}"
        name = f", {scope.names.show(scope.name)}" if scope.names is not None else ""
        return f"{port} to {scope.places.show(scope.place)}{name}"

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"
