"""A journey as a whole: the sidecar's decision, the rows that it sends, and why they end where they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from meshegress.decision import Assumption, Decision
from meshegress.journey.letter import letter_of
from meshegress.journey.rows import BEYOND, End, Sent
from meshegress.request import Request, Workload

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Hop after hop of one request: the sidecar's decision, what it sends, and where each row ends.

    ``end`` stands only where nothing is sent. ``print(journey)`` tells it like a letter.
    """

    request: Request
    workload: Workload
    hop1: Decision
    sent: tuple[Sent, ...] = ()
    end: End | None = None
    assumptions: tuple[Assumption, ...] = ()
    others: tuple[Journey, ...] = field(default=(), repr=False)
    find_reasons: Callable[[Journey], tuple[str, ...]] | None = field(default=None, compare=False, repr=False)

    @property
    def candidates(self) -> tuple[Journey, ...]:
        """Every journey that the first hop's assumptions leave possible, this one first; empty where it is sure."""
        return (self, *self.others) if self.others else ()

    @property
    def ends(self) -> tuple[End, ...]:
        """Every end, one for each row that is sent, or the only one."""
        return (self.end,) if self.end is not None else tuple(row.end for row in self.sent if row.end is not None)

    @property
    def trouble(self) -> tuple[str, ...]:
        """What troubles some row: keys of ``meshegress.journey.TROUBLES``, each once."""
        return tuple(dict.fromkeys(name for end in self.ends for name in end.trouble))

    @property
    def arrives(self) -> bool:
        """Whether every row leaves the last proxy known, without trouble."""
        return bool(self.ends) and all(end.at == BEYOND and not end.trouble for end in self.ends)

    @property
    def gateways(self) -> tuple[str, ...]:
        """The gateways on the way, by name."""
        return tuple(dict.fromkeys(row.gateway for row in self.sent if row.gateway is not None))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the journey ends where it does, or troubles the destination: sentences that name the missing piece."""
        return self.find_reasons(self) if self.find_reasons is not None else ()

    def rows(self) -> Iterator[Sent]:
        """Yield every row, those that leave a gateway after the one that reaches it."""
        for row in self.sent:
            yield row
            yield from row.leaves

    def as_dict(self) -> dict[str, Any]:
        """Return the journey as JSON-ready values; ``schema_version`` changes when the shape does."""
        return {
            "schema_version": SCHEMA_VERSION,
            "request": self.request.as_dict(),
            "workload": self.workload.namespace,
            "hop1": self.hop1.as_dict(),
            "sent": [row.as_dict() for row in self.sent],
            "end": None if self.end is None else self.end.as_dict(),
            "trouble": list(self.trouble),
            "reasons": list(self.reasons),
            "assumptions": [{"code": one.code, "reason": one.reason} for one in self.assumptions],
        }

    def __str__(self) -> str:
        return letter_of(
            self.request, self.workload, self.hop1, sent=self.sent, end=self.end, reasons=self.reasons
        ) + "".join(f"\nAssumed: {one.reason}." for one in self.assumptions)
