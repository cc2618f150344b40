"""What an explanation is made of: the steps of the walk, and what lost at each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from meshegress.decision import Decision, Origin
from meshegress.decision.reasons import Reason


@dataclass(frozen=True, slots=True)
class RejectedAlternative:
    """Something that could have taken the request, and why it did not."""

    name: str
    reason: str
    origin: Origin | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}{_place(self.origin)}"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the walk: what was found there, why, and what lost."""

    stage: str
    found: str
    reason: str = ""
    rejected: tuple[RejectedAlternative, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The walk of one request, written down; ``str()`` is the page for a reader.

    ``reasons`` are what the resources have to say beside the walk, such as an entry that is not exported here; the
    main one comes first.
    """

    asked: str
    steps: tuple[Step, ...]
    decision: Decision
    reasons: tuple[Reason, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The reasons as sentences."""
        return tuple(map(str, self.reasons))

    @property
    def rejected(self) -> tuple[RejectedAlternative, ...]:
        """Everything that lost on the way, in order."""
        return tuple(alternative for step in self.steps for alternative in step.rejected)

    def __str__(self) -> str:
        lines = [self.asked]
        for step in self.steps:
            lines.append(f"  {step.stage:<13} {step.found}{_because(step.reason)}{_place(step.origin)}")
            lines += [f"      not {alternative}" for alternative in step.rejected[:SHOWN_REJECTED]]
            if len(step.rejected) > SHOWN_REJECTED:
                lines.append(f"      and {len(step.rejected) - SHOWN_REJECTED} more")
        lines.append(f"  {'outcome':<13} {_outcome(self.decision)}{_governed(self.decision)}")
        lines += [f"      assumed ({one.code}): {one.reason}" for one in self.decision.assumptions]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)


#: How many rejected of one step the page shows.
SHOWN_REJECTED = 8


def lost(names: Iterable[tuple[str, Origin | None]], reason: Callable[[str], str]) -> tuple[RejectedAlternative, ...]:
    """Return a alternative for each of *names*, with the reason for its name."""
    return tuple(RejectedAlternative(name, reason(name), origin) for name, origin in names)


def _because(reason: str) -> str:
    return f" – {reason}" if reason else ""


def _place(origin: Origin | None) -> str:
    if origin is None:
        return ""
    source = origin.host_source or origin.source
    return f" [{origin}{f', {source}' if source else ''}]"


def _outcome(decision: Decision) -> str:
    told = str(decision)
    named = told if decision.outcome.value in told else f"{told} ({decision.outcome.value})"
    if decision.status is None and decision.flags == "-":
        return named
    return f"{named}, logged as {decision.status or 0} {decision.flags} {decision.details or '-'}"


def _governed(decision: Decision) -> str:
    origin = decision.governed_by
    if origin is None:
        return ""
    places = [str(place) for place in (origin.host_source or origin.source, origin.port_source) if place is not None]
    return f", governed by {origin}{' at ' if places else ''}{' and '.join(dict.fromkeys(places))}"
