"""``meshegress log stats``: what a log says as a whole."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from meshegress import AccessLogEntry
from meshegress.cli.log_printing import plain_value
from meshegress.errors import visible

_SHARES = (50, 90, 99)


@dataclass(slots=True)
class Group:
    """The entries that have something in common: how many, their bytes, and how long they took."""

    count: int = 0
    received: int = 0
    sent: int = 0
    errors: int = 0
    durations: Counter[int] = field(default_factory=Counter)

    def add(self, entry: AccessLogEntry) -> None:
        """Count *entry*."""
        self.count += 1
        self.received += _number(entry.bytes_received)
        self.sent += _number(entry.bytes_sent)
        self.errors += _number(entry.response_code) >= 500 or bool(entry.response_flags)
        duration = entry.duration
        if isinstance(duration, int):
            self.durations[duration] += 1

    def percentile(self, share: int) -> int | None:
        """Return the duration in ms that *share* percent of the entries do not exceed."""
        wanted = -(-sum(self.durations.values()) * share // 100)
        for duration in sorted(self.durations):
            wanted -= self.durations[duration]
            if wanted <= 0:
                return duration
        return None

    def as_dict(self) -> dict[str, object]:
        """Return the numbers, by name."""
        shares = {f"p{share}": self.percentile(share) for share in _SHARES}
        sums = {"bytes_received": self.received, "bytes_sent": self.sent}
        return {"count": self.count, "errors": self.errors, **shares, **sums}


class Stats:
    """Counts entries by what people ask for; memory grows with the distinct values, not with the log."""

    def __init__(self, entries: Iterable[AccessLogEntry]) -> None:
        self.groups: dict[str, defaultdict[str, Group]] = {name: defaultdict(Group) for name in _KEYS}
        self.total = Group()
        self.first: datetime | None = None
        self.last: datetime | None = None
        for entry in entries:
            self._add(entry)

    def _add(self, entry: AccessLogEntry) -> None:
        self.total.add(entry)
        for name, keys in _KEYS.items():
            for key in keys(entry):
                self.groups[name][key].add(entry)
        start = entry.start_time
        if isinstance(start, datetime):
            self.first = min(start, self.first or start)
            self.last = max(start, self.last or start)

    def top(self, name: str, most: int) -> list[tuple[str, Group]]:
        """Return the groups of *name* with most entries."""
        ranked = sorted(self.groups[name].items(), key=lambda pair: (-pair[1].count, pair[0]))
        return ranked[:most] if most else ranked


def _clusters(entry: AccessLogEntry) -> Iterator[str]:
    yield str(entry.upstream_cluster or "-").removesuffix(";")


def _codes(entry: AccessLogEntry) -> Iterator[str]:
    code = entry.response_code
    yield "-" if code is None else str(code)


def _flags(entry: AccessLogEntry) -> Iterator[str]:
    flags = entry.response_flags
    yield from map(str, flags) if isinstance(flags, tuple) and flags else ("-",)


def _emitters(entry: AccessLogEntry) -> Iterator[str]:
    yield str(entry.emitter) or "-"


def _directions(entry: AccessLogEntry) -> Iterator[str]:
    yield str(entry.direction)


def _talkers(entry: AccessLogEntry) -> Iterator[str]:
    remote = entry.downstream_remote_address
    if isinstance(remote, str):
        yield remote.rpartition(":")[0] or remote


_KEYS = {
    "cluster": _clusters,
    "code": _codes,
    "flags": _flags,
    "direction": _directions,
    "emitter": _emitters,
    "talker": _talkers,
}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def print_stats(stats: Stats, counts: dict[str, object], output: str, most: int) -> None:
    """Print *stats* for a reader, or as JSON; *counts* says what of the log was read."""
    if output == "json":
        groups = {name: {key: group.as_dict() for key, group in stats.top(name, most)} for name in _KEYS}
        span = {"first": plain_value(stats.first), "last": plain_value(stats.last)}
        print(json.dumps({"total": stats.total.as_dict() | span, **groups, "read": counts}))
        return
    lines, unread = counts["lines"], counts["unread_lines"]
    print(f"{lines} lines, {stats.total.count} entries, {_share(unread, lines)} unread")
    if stats.first and stats.last:
        print(f"from {plain_value(stats.first)} to {plain_value(stats.last)}")
    for name in _KEYS:
        top = stats.top(name, most)
        if top and [key for key, _ in top] != ["-"]:
            _print_group(name, top, len(stats.groups[name]))


def _print_group(name: str, top: list[tuple[str, Group]], count: int) -> None:
    head = (name, "count", "errors", *(f"p{share} ms" for share in _SHARES), "received", "sent")
    rows = [tuple(map(_cell, (visible(key), *group.as_dict().values()))) for key, group in top]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print()
    for row in (head, *rows):
        print("  ".join((row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:]))).rstrip())
    if count > len(top):
        print(f"… and {count - len(top)} more")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _share(part: object, whole: object) -> str:
    return f"{part / whole:.1%}" if isinstance(part, int) and isinstance(whole, int) and whole else "0.0%"
