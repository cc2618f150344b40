"""Which entries of a log are wanted: by status, flags, cluster, direction, time and emitter."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from meshegress import AccessLogEntry, LogFormatError

Wanted = Callable[[AccessLogEntry], bool]
DIRECTIONS = ("outbound", "inbound", "gateway", "waypoint", "unknown")
_STATUS = re.compile(r"[0-5xX]{1}[0-9xX]{0,2}|0")
_AGO = re.compile(r"(?P<count>[0-9]+)(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose entries."""
    group = parser.add_argument_group("which entries")
    group.add_argument("--status", metavar="CODE", action="append", help="response codes: 503, 5xx, 0; repeatable")
    group.add_argument("--flags", metavar="FLAG", action="append", help="any of these response flags: UH, NR,UF")
    group.add_argument("--cluster", metavar="GLOB", action="append", help="upstream cluster: 'outbound|443|*'")
    group.add_argument("--direction", choices=DIRECTIONS, action="append")
    group.add_argument("--since", metavar="TIME", help="from this instant on: ISO 8601, or 30m before now")
    group.add_argument("--until", metavar="TIME", help="before this instant")
    group.add_argument("--emitter", metavar="GLOB", action="append", help="Pod, namespace, container or node")


def wanted(entries: Iterable[AccessLogEntry], arguments: argparse.Namespace) -> Iterator[AccessLogEntry]:
    """Yield the entries that *arguments* ask for."""
    checks = [check for make in _MAKERS if (check := make(arguments)) is not None]
    return (entry for entry in entries if all(check(entry) for check in checks)) if checks else iter(entries)


def _by_status(arguments: argparse.Namespace) -> Wanted | None:
    if not arguments.status:
        return None
    patterns = [_status_pattern(text) for given in arguments.status for text in given.split(",")]
    return lambda entry: any(pattern.fullmatch(str(entry.response_code)) for pattern in patterns)


def _status_pattern(text: str) -> re.Pattern[str]:
    if not _STATUS.fullmatch(text):
        raise LogFormatError(text, 0, len(text), "a status is a code such as 503, a class such as 5xx, or 0")
    return re.compile(re.sub("[xX]", "[0-9]", text))


def _by_flags(arguments: argparse.Namespace) -> Wanted | None:
    if not arguments.flags:
        return None
    flags = {flag for given in arguments.flags for flag in given.split(",")}
    return lambda entry: not flags.isdisjoint(entry.response_flags or ())  # type: ignore[arg-type]  # flags are texts


def _by_cluster(arguments: argparse.Namespace) -> Wanted | None:
    if not arguments.cluster:
        return None
    return lambda entry: any(fnmatchcase(_cluster_of(entry), pattern) for pattern in arguments.cluster)


def _cluster_of(entry: AccessLogEntry) -> str:
    return str(entry.upstream_cluster or "-").removesuffix(";")


def _by_direction(arguments: argparse.Namespace) -> Wanted | None:
    return (lambda entry: entry.direction in arguments.direction) if arguments.direction else None


def _by_emitter(arguments: argparse.Namespace) -> Wanted | None:
    if not arguments.emitter:
        return None
    return lambda entry: any(
        fnmatchcase(value, pattern)
        for pattern in arguments.emitter
        for value in (*entry.emitter.as_dict().values(), str(entry.emitter))
    )


def _by_since(arguments: argparse.Namespace) -> Wanted | None:
    since = _instant(arguments.since)
    return (lambda entry: _time_of(entry) >= since) if since else None


def _by_until(arguments: argparse.Namespace) -> Wanted | None:
    until = _instant(arguments.until)
    return (lambda entry: _time_of(entry) < until) if until else None


def _time_of(entry: AccessLogEntry) -> datetime:
    """Return when the request began; an entry that does not tell is before all others."""
    start = entry.start_time
    return start if isinstance(start, datetime) else datetime.min.replace(tzinfo=UTC)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    ago = _AGO.fullmatch(text)
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago["unit"]]: int(ago["count"])})
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise LogFormatError(
            text, 0, len(text), "a time is ISO 8601 (2026-11-20T08:15:30Z), or 30m, 2h, 1d ago"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_MAKERS = (_by_status, _by_flags, _by_cluster, _by_direction, _by_since, _by_until, _by_emitter)
