"""What is compared: a table that decides, or several where the order of resources is not known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Protocol

from meshegress._engine.layout import LEAF_NO_LISTENER, NO_MATCH
from meshegress.compiler.program import Program
from meshegress.compiler.program.leaves import Owner, owner_of
from meshegress.decision import Decision
from meshegress.request import Request
from meshegress.table import Listener, Table


class Side:
    """One table, as the comparison reads it: what is found where, and whose a leaf is."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.table: Table = program.table
        self.layout = program.layout.layout
        self._blocks = program.layout

    def places(self, port: int) -> tuple[Mapping[str, int], int, int]:
        """Return the rows of the listeners on *port* by address, and those of the wildcards of both families."""
        return self.layout.ports.get(port, _NO_PLACES)

    def listener(self, row: int) -> Listener | None:
        """Return the listener in *row*."""
        return None if row == NO_MATCH else self._blocks.blocks[row].listener

    @property
    def catch_all(self) -> Listener | None:
        """The listener that takes what no other does."""
        return self.listener(self.layout.catch_all)

    def ports(self) -> set[int]:
        """Return the ports of listeners, and those that filter chains ask for."""
        found = set(self.layout.ports)
        for block in self._blocks.blocks:
            found.update(block.node.by_port)
        return found

    def owners(self, number: int) -> list[Owner]:
        """Return whose block of leaves *number* stands in: several where the walk leaves it open."""
        if number == LEAF_NO_LISTENER:
            return []
        choice = self.program.walk.choices.get(number)
        if choice is not None:
            return [owner for leaf in choice[1] for owner in self.owners(leaf)]
        return [owner_of(self._blocks, number % self.layout.leaves)]

    def owners_of(self, request: Request) -> list[Owner]:
        """Return who answers *request*."""
        return self.owners(self.program.find(request))


_NO_PLACES: tuple[Mapping[str, int], int, int] = ({}, NO_MATCH, NO_MATCH)


class Subject(Protocol):
    """What is compared with another: it decides, and shows the tables that it decides by."""

    @property
    def natural(self) -> Side:
        """The table that is asked first."""

    def named_ports(self) -> set[int]:
        """Return the ports on which it may decide otherwise than on a port that nothing names."""

    def sides_on(self, port: int) -> Mapping[Hashable, Side]:
        """Return the tables that decide on *port*, the natural one first: it depends on nothing else."""

    def decide(self, request: Request) -> Decision:
        """Return the decision on *request*, which has an address."""


class TableSubject:
    """One program by itself."""

    def __init__(self, program: Program) -> None:
        self.natural = Side(program)

    def named_ports(self) -> set[int]:
        """Return the ports of its listeners and chains."""
        return self.natural.ports()

    def sides_on(self, port: int) -> Mapping[Hashable, Side]:
        """Return the one table, whatever *port* is."""
        return {None: self.natural}

    def decide(self, request: Request) -> Decision:
        """Return the program's decision."""
        program = self.natural.program
        return program.decision(program.find(request))
