"""Write an instant in a time format, as Envoy does, traps included.

Three hands touch a time format, in this order: Envoy replaces ``%f``, ``%1f`` to ``%9f`` and plain ``%s`` in the text,
even behind another ``%``; then come the extensions that start with ``%E`` or ``%:``; what is left is ``strftime`` of
the C library in the C locale, with flags and widths. Unknown letters stay as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_NANOSECONDS = 10**9
_REPLACED = re.compile(r"%(?:([1-9]?)f|s)")
_SPECIFIER = re.compile(
    r"%(?:E(?P<digits>[0-9]+|\*)(?P<fraction>[Sf])|E(?P<year>4Y)|E(?P<zone>\*?z)|(?P<colons>:{1,3}z)|E(?P<T>T)"
    r"|(?P<flags>[-_0^#]*)(?P<width>[0-9]*)(?P<modifier>[EO]?)(?P<letter>[a-zA-Z%+]))"
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
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

    @property
    def zoned_clock(self) -> datetime:
        """The same instant in the zone of the process."""
        return self.clock.astimezone(self.process_zone)


def format_time(pattern: str | None, moment: Moment) -> str:
    """Return *moment* in *pattern*; without a pattern, in the default form.

    >>> format_time("%s.%3f %%3f", Moment.at(1_795_387_729_042_320_000))
    '1795387729.042 %042'
    >>> format_time(None, Moment.at(1_795_387_729_042_999_999))
    '2026-11-22T22:48:49.042Z'
    """
    if pattern is None:
        end = "Z" if moment.clock.tzinfo is UTC else _zone(moment.offset)
        return f"{moment.clock:%Y-%m-%dT%H:%M:%S}.{moment.nanosecond // 1_000_000:03}{end}"
    replaced = _REPLACED.sub(lambda match: _replace(match, moment), pattern)
    return _SPECIFIER.sub(lambda match: _specifier(match, moment), replaced)


def _replace(match: re.Match[str], moment: Moment) -> str:
    if match[0] == "%s":
        return str(moment.epoch)
    return f"{moment.nanosecond:09}"[: int(match[1] or 9)]


def _specifier(match: re.Match[str], moment: Moment) -> str:
    if match["digits"]:
        return _fraction(match["digits"], match["fraction"], moment)
    if match["year"]:
        return f"{moment.clock.year:04}"
    if match["zone"] or match["colons"]:
        return _zone(
            moment.offset, colons={"z": 1, "*z": 2, ":z": 1, "::z": 2}.get(match["zone"] or match["colons"], 2)
        )
    if match["T"]:
        return "T"
    return _c_specifier(match, moment)


def _fraction(digits: str, kind: str, moment: Moment) -> str:
    text = f"{moment.nanosecond:09}"
    if digits == "*":
        text = text.rstrip("0") or ("0" if kind == "f" else "")
    else:
        text = text.ljust(int(digits), "0")[: int(digits)]
    if kind == "f":
        return text
    return f"{moment.clock.second:02}" + (f".{text}" if text else "")


def _zone(offset: int, colons: int = 0) -> str:
    sign = "-" if offset < 0 else "+"
    minutes, seconds = divmod(abs(offset), 60)
    hours, minutes = divmod(minutes, 60)
    mark = ":" if colons else ""
    return f"{sign}{hours:02}{mark}{minutes:02}" + (f":{seconds:02}" if colons == 2 else "")


def _c_specifier(match: re.Match[str], moment: Moment) -> str:
    letter, flags, width = match["letter"], match["flags"], match["width"]
    if letter in _NUMBERS and not (match["modifier"] and letter not in _MODIFIED):
        number, digits, pad = _NUMBERS[letter]
        value = number(moment)
        return _padded(str(abs(value)), flags, width, digits, pad, sign="-" if value < 0 else "")
    if letter in _TEXTS and not match["modifier"]:
        text = _TEXTS[letter](moment)
    elif letter in _COMPOSED:
        text = _SPECIFIER.sub(lambda inner: _specifier(inner, moment), _COMPOSED[letter])
    elif letter == "Z" and match["modifier"] == "":
        text = (moment.zoned_clock if flags or width else moment.clock).tzname() or ""
    elif letter == "s":
        text = str(moment.epoch - int((moment.zoned_clock.utcoffset() or timedelta()).total_seconds()))
    else:
        return _unknown(match)
    return _padded(_cased(text, flags, letter), flags, width, 0, "0" if letter == "s" else " ")


def _unknown(match: re.Match[str]) -> str:
    # A width before an unknown letter still pads: the text of the specifier itself, with blanks.
    return match[0].rjust(int(match["width"] or 0))


def _cased(text: str, flags: str, letter: str) -> str:
    if "^" in flags:
        return text.upper()
    if "#" in flags:
        return text.lower() if letter in "pZ" else text.upper()
    return text


def _padded(text: str, flags: str, width: str, digits: int, pad: str, sign: str = "") -> str:
    for flag in flags:
        pad = {"-": "", "_": " ", "0": "0"}.get(flag, pad)
    size = int(width) if width else digits
    if not pad:
        return sign + text
    return sign + text.rjust(size - len(sign), pad) if pad == "0" else (sign + text).rjust(size)


def _iso(moment: Moment) -> tuple[int, int]:
    year, week, _ = moment.clock.isocalendar()
    return year, week


def _week(moment: Moment, first: int) -> int:
    """Week of the year whose weeks start on Sunday (*first* 6) or Monday (0)."""
    yearday = moment.clock.timetuple().tm_yday - 1
    return (yearday + 7 - (moment.clock.weekday() - first) % 7) // 7


# Letter: the number, its digits, and what fills them.
_NUMBERS: dict[str, tuple[Callable[[Moment], int], int, str]] = {
    "C": (lambda m: m.clock.year // 100, 2, "0"),
    "d": (lambda m: m.clock.day, 2, "0"),
    "e": (lambda m: m.clock.day, 2, " "),
    "g": (lambda m: _iso(m)[0] % 100, 2, "0"),
    "G": (lambda m: _iso(m)[0], 1, "0"),
    "H": (lambda m: m.clock.hour, 2, "0"),
    "I": (lambda m: m.clock.hour % 12 or 12, 2, "0"),
    "j": (lambda m: m.clock.timetuple().tm_yday, 3, "0"),
    "k": (lambda m: m.clock.hour, 2, " "),
    "l": (lambda m: m.clock.hour % 12 or 12, 2, " "),
    "m": (lambda m: m.clock.month, 2, "0"),
    "M": (lambda m: m.clock.minute, 2, "0"),
    "S": (lambda m: m.clock.second, 2, "0"),
    "u": (lambda m: m.clock.isoweekday(), 1, "0"),
    "U": (lambda m: _week(m, 6), 2, "0"),
    "V": (lambda m: _iso(m)[1], 2, "0"),
    "w": (lambda m: m.clock.isoweekday() % 7, 1, "0"),
    "W": (lambda m: _week(m, 0), 2, "0"),
    "y": (lambda m: m.clock.year % 100, 2, "0"),
    "Y": (lambda m: m.clock.year, 1, "0"),
}
_MODIFIED = frozenset("CyYdeHImMSuUVwWkljgG")
_TEXTS: dict[str, Callable[[Moment], str]] = {
    "a": lambda m: _DAYS[m.clock.weekday()][:3],
    "A": lambda m: _DAYS[m.clock.weekday()],
    "b": lambda m: _MONTHS[m.clock.month - 1][:3],
    "B": lambda m: _MONTHS[m.clock.month - 1],
    "h": lambda m: _MONTHS[m.clock.month - 1][:3],
    "p": lambda m: "AM" if m.clock.hour < 12 else "PM",
    "P": lambda m: "am" if m.clock.hour < 12 else "pm",
    "t": lambda m: "\t",
    "z": lambda m: _zone(m.offset),
    "%": lambda m: "%",
}
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "r": "%I:%M:%S %p",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
