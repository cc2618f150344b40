"""Write an instant in a time format, as Envoy does, traps included.

Three hands touch a time format. Envoy writes what changes within a second: fractions and plain ``%s``, even behind
another ``%``. Between them Abseil writes the specifiers that it knows. And what lies between those goes to ``strftime``
of the C library, piece by piece, which gives nothing where it would make more than sixteen times its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from meshegress.accesslog.cstrftime import Clock, c_strftime
from meshegress.accesslog.values import to_bytes

_NANOSECONDS = 10**9
#: The default form of local times.
LOCAL_TIME = "%Y-%m-%dT%H:%M:%S.%3f%z"
_WITHIN_SECOND = re.compile(r"%(?:E(?P<E>[1-9*])(?P<kind>[Sf])|(?P<digits>[1-9]?)f|s)")
_PERCENTS = re.compile(r"%+")
# What Abseil writes itself, behind a percent sign that no other one escapes.
_OWN = re.compile(
    r"(?P<simple>[YmdeFTUuWwHMSzZs\0])|(?P<colons>:{1,3})z"
    r"|E(?:(?P<T>T)|(?P<zone>\*?)z|(?P<year>4Y)|(?P<digits>[0-9]{1,4})(?P<fraction>[Sf]))"
)
_MOST_DIGITS = 18
_MOST_GROWTH = 16


@dataclass(frozen=True)
class Moment:
    """An instant seen in a zone: the fields of the clock, the nanoseconds of the second, and the epoch second.

    ``process_zone`` is the zone of the process that writes, which two traps show even in UTC formats.
    """

    clock: datetime
    nanosecond: int
    epoch: int
    process_zone: tzinfo

    @classmethod
    def at(cls, epoch_ns: int, zone: tzinfo = UTC, process_zone: tzinfo = UTC) -> Moment:
        """Return the instant *epoch_ns* nanoseconds after 1970, seen in *zone*."""
        epoch, nanosecond = divmod(epoch_ns, _NANOSECONDS)
        clock = datetime.fromtimestamp(epoch, zone)
        return cls(clock, nanosecond, epoch, process_zone)

    @property
    def offset(self) -> int:
        """Seconds east of Greenwich."""
        return int((self.clock.utcoffset() or timedelta()).total_seconds())

    @cached_property
    def c_clock(self) -> Clock:
        """What the C library knows: fields without a zone, which it takes for those of the process."""
        zone = self.clock.astimezone(self.process_zone).tzname() or ""
        epoch = int(self.clock.replace(tzinfo=self.process_zone).timestamp())
        return Clock(self.clock, zone, epoch)


def format_time(pattern: str | None, moment: Moment) -> str:
    """Return *moment* in *pattern*; without a pattern, in the default form of UTC.

    >>> format_time("%s.%3f %%3f", Moment.at(1_795_387_729_042_320_000))
    '1795387729.042 %042'
    >>> format_time(None, Moment.at(1_795_387_729_042_999_999))
    '2026-11-22T22:48:49.042Z'
    """
    if pattern is None:
        seconds = moment.clock.replace(tzinfo=None).isoformat(timespec="seconds")
        return f"{seconds}.{moment.nanosecond // 1_000_000:03}Z"
    parts: list[str] = []
    place = 0
    for match in _WITHIN_SECOND.finditer(pattern):
        segment = pattern[place : match.start()] + ("%S" if match["kind"] == "S" else "")
        parts += [*_parts(segment, moment), _within_second(match, moment)]
        place = match.end()
    return "".join((*parts, *_parts(pattern[place:], moment)))


def _within_second(match: re.Match[str], moment: Moment) -> str:
    if match[0] == "%s":
        return str(moment.epoch)
    return _fraction(match["E"] or match["digits"] or "9", match["kind"] or "f", moment)


def _parts(pattern: str, moment: Moment) -> Iterator[str]:
    """Yield the parts of the output; ``pending`` is where what waits for the C library begins."""
    pending = place = 0
    while percents := _PERCENTS.search(pattern, place):
        start, after = percents.span()
        if pending == place:
            yield pattern[pending:start] + "%" * ((after - start) // 2)
            pending = after - (after - start) % 2
        place = after
        own = _OWN.match(pattern, after) if (after - start) % 2 else None
        if own:
            yield _from_c(pattern[pending : after - 1], moment) + _own_text(own, moment)
            pending = place = own.end()
    yield _from_c(pattern[pending:], moment) if pending != place or "%" in pattern[pending:] else pattern[pending:]


def _from_c(piece: str, moment: Moment) -> str:
    return c_strftime(piece.partition("\0")[0], moment.c_clock, _MOST_GROWTH * len(to_bytes(piece)) + 1)


def _own_text(match: re.Match[str], moment: Moment) -> str:
    if match["simple"]:
        return _simple(match["simple"], moment)
    if match["colons"]:
        return _zone(moment.offset, ":", seconds=len(match["colons"]) == 2, is_short=len(match["colons"]) == 3)
    if match["digits"]:
        seconds = f"{moment.clock.second:02}" if match["fraction"] == "S" else ""
        return seconds + _fraction(match["digits"], match["fraction"], moment)
    if match["year"]:
        return f"{moment.clock.year:04}"
    return "T" if match["T"] else _zone(moment.offset, ":", seconds=bool(match["zone"]))


def _simple(letter: str, moment: Moment) -> str:
    if letter == "z":
        return _zone(moment.offset)
    if letter == "Z":
        return moment.clock.tzname() or ""
    if letter == "s":
        return str(moment.epoch)
    return "" if letter == "\0" else c_strftime(f"%{letter}", moment.c_clock)


def _fraction(digits: str, kind: str, moment: Moment) -> str:
    """Return the first *digits* of the fraction, of ``*`` those that are not zero; for a *kind* S behind a point."""
    text = f"{moment.nanosecond:09}"
    size = min(int(digits), _MOST_DIGITS) if digits != "*" else len(text.rstrip("0"))
    text = text.ljust(size, "0")[:size]
    if kind == "S":
        return f".{text}" if text else ""
    return text or ("0" if digits == "*" else "")


def _zone(offset: int, mark: str = "", *, seconds: bool = False, is_short: bool = False) -> str:
    hours, rest = divmod(abs(offset), 3600)
    parts = [hours, *divmod(rest, 60)]
    if not seconds and not (is_short and parts[2]):
        parts.pop()
    while is_short and len(parts) > 1 and not parts[-1]:
        parts.pop()
    sign = "-" if offset < 0 and any(parts) else "+"
    return sign + mark.join(f"{part:02}" for part in parts)
