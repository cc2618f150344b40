"""A row of a replay: the requests of one sender that ask the same and meet the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from meshegress.analysis.replay.answers import Answer, Change, Logged, change_of, disagreement
from meshegress.analysis.replay.senders import Sender
from meshegress.request import Request, WireProtocol


@dataclass(frozen=True, slots=True)
class RowKey:
    """What all requests of a row have in common. ``address`` is None where a name says where the request goes."""

    sender: Sender
    kind: str
    host: str | None
    address: str | None
    port: int
    was: Logged
    now: Answer
    then: Answer

    @property
    def destination(self) -> str:
        """Where the requests go, as a reader would write it."""
        host = self.host or self.address or "?"
        shown = f"[{host}]" if ":" in host else host
        return f"{self.kind}://{shown}:{self.port}"


@dataclass(slots=True)
class Tally:
    """How many requests, how many bytes, when, and one that stands for all."""

    lines: int = 0
    bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None
    sample: Request | None = None

    def add(self, size: int, moment: datetime | None) -> None:
        """Count one request of *size* bytes at *moment*."""
        self.lines += 1
        self.bytes += size
        if moment is not None:
            if self.first is None or moment < self.first:
                self.first = moment
            if self.last is None or moment > self.last:
                self.last = moment

    def join(self, other: Tally) -> None:
        """Count what *other* has counted, too."""
        self.lines += other.lines
        self.bytes += other.bytes
        moments = [one for one in (self.first, self.last, other.first, other.last) if one is not None]
        self.first, self.last = min(moments, default=None), max(moments, default=None)
        if other.sample is not None:
            self.see(other.sample)

    def see(self, request: Request) -> None:
        """Take *request* as the sample if it comes first, so that the order of lines does not matter."""
        if self.sample is None or _rank(request) < _rank(self.sample):
            self.sample = request


def _rank(request: Request) -> tuple[str, ...]:
    return (request.address or "", request.path, request.method, request.host or "", repr(request.headers))


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """Requests that ask the same: what the log says of them, what is predicted today and under the candidate.

    ``sample`` is one of them. ``count`` is ``lines`` times the sampling factor; ``why`` says why nothing declares the
    destination.
    """

    key: RowKey
    lines: int
    count: int
    bytes: int
    first: datetime | None
    last: datetime | None
    sample: Request = field(compare=False)
    why: tuple[str, ...] = field(default=(), compare=False)

    @property
    def was(self) -> Logged:
        """What the log says."""
        return self.key.was

    @property
    def now(self) -> Answer:
        """What is predicted under the mesh as it is."""
        return self.key.now

    @property
    def then(self) -> Answer:
        """What is predicted under the candidate."""
        return self.key.then

    @property
    def change(self) -> Change:
        """What the candidate does to these requests."""
        return change_of(self.now, self.then)

    @property
    def disagreement(self) -> str | None:
        """Why the log says another thing than what is predicted today; None where the two agree."""
        return disagreement(self.was, self.now)

    def __str__(self) -> str:
        asked = f"{self.key.sender} -> {self.key.destination}"
        return f"{asked}: was {self.was}, now {self.now}, then {self.then}; {self.count}"

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        key = self.key
        return {
            "sender": {
                "namespace": key.sender.workload.namespace,
                "name": key.sender.name or None,
                "is_known": key.sender.is_known,
            },
            "kind": key.kind,
            "host": key.host,
            "address": key.address,
            "port": key.port,
            "change": self.change.value,
            "disagrees": self.disagreement,
            "was": self.was.as_dict(),
            "now": self.now.as_dict(),
            "then": self.then.as_dict(),
            "why": list(self.why),
            "lines": self.lines,
            "count": self.count,
            "bytes": self.bytes,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "sample": self.sample.as_dict(),
        }


def kind_of(request: Request) -> str:
    """Return what is on the wire: ``http``, ``http2``, ``http1.0``, ``tls`` or ``tcp``."""
    if request.is_tls:
        return "tls"
    return "tcp" if request.protocol is WireProtocol.RAW else request.protocol.value
