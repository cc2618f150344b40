"""What ``strftime`` of the GNU C library makes of a pattern in the C locale: flags, widths and modifiers included."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from meshegress.accesslog.values import to_bytes

_SPECIFIER = re.compile(r"%([-_0^#]*)([0-9]*)([EO]?)(.?)", re.DOTALL)
_ROOM = 4096
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the library is given: fields of a clock, of which it does not know the zone, and the zone of the process."""

    fields: datetime
    zone_name: str
    #: What ``%s`` shows: the fields are taken for those of the process's zone.
    epoch: int


class _Flags(NamedTuple):
    """The flags and width of one specifier."""

    pad: str
    is_upper: bool
    changes_case: bool
    width: int


def c_strftime(pattern: str, clock: Clock, room: int = _ROOM) -> str:
    """Return *clock* in *pattern*, nothing where that takes *room* bytes or more, as the library counts its NUL.

    What is not a specifier stays as it is written, padded to its width.

    >>> c_strftime("%-d %_H %^a %5Y %Q", Clock(datetime(2026, 11, 2, 3, 4), "UTC", 0))
    '2  3 MON 02026 %Q'
    """
    shown = _SPECIFIER.sub(lambda match: _show(match, clock, room), pattern)
    return shown if len(to_bytes(shown)) < room else ""


def _show(match: re.Match[str], clock: Clock, room: int) -> str:
    flags = _flags(match[1], match[2], room)
    letter, modifier = match[4], match[3]
    if not letter or (modifier and modifier in _REFUSED.get(letter, "")):
        # The library raises the case of these two before it looks at their modifier.
        return _padded(_cased(match[0], flags, letter if letter in ("b", "h") else ""), flags)
    if letter in _NUMBERS:
        return _number(flags, *_NUMBERS[letter], clock)
    if letter in _COMPOSED:
        return _padded(_cased(c_strftime(_COMPOSED[letter], clock), flags), flags)
    if letter == "z":
        return _padded("+", flags) + _number(flags, lambda _: 0, 4, "0", clock)
    if letter in _TEXTS:
        return _padded(_cased(_TEXTS[letter](clock), flags, letter), flags)
    return _padded(_cased(match[0], flags), flags)


def _flags(text: str, width: str, room: int) -> _Flags:
    pad = "".join(flag for flag in text if flag in "-_0")[-1:]
    wanted = int(width or 0) if len(width) < 10 else room
    return _Flags(pad, "^" in text, "#" in text, min(wanted, room))


def _number(flags: _Flags, value: Callable[[Clock], int], digits: int, fill: str, clock: Clock) -> str:
    number = value(clock)
    sign, text = "-" if number < 0 else "", str(abs(number))
    wanted = max(flags.width, digits) - len(sign)
    if flags.pad == "-":
        return _padded(sign + text, flags)
    if flags.pad == "_" or (not flags.pad and fill == " "):
        return (sign + text).rjust(wanted + len(sign))
    return sign + text.rjust(wanted, "0")


def _padded(text: str, flags: _Flags) -> str:
    return text.rjust(flags.width, "0" if flags.pad == "0" else " ")


def _cased(text: str, flags: _Flags, letter: str = "") -> str:
    if letter == "P" or (flags.changes_case and letter in ("p", "Z")):
        return text.lower()
    is_upper = flags.is_upper or (flags.changes_case and letter in ("a", "A", "b", "B", "h"))
    return text.upper() if is_upper else text


def _iso(clock: Clock) -> tuple[int, int]:
    year, week, _ = clock.fields.isocalendar()
    return year, week


def _week(clock: Clock, first: int) -> int:
    """Week of the year whose weeks start on Sunday (*first* 6) or Monday (0)."""
    return (clock.fields.timetuple().tm_yday - 1 + 7 - (clock.fields.weekday() - first) % 7) // 7


# The modifiers that make a specifier none.
_REFUSED = {
    **dict.fromkeys("aADF", "EO"),
    **dict.fromkeys("bBhdegGHIjklmMSUVwW", "E"),
    **dict.fromkeys("cxXY", "O"),
}
# Letter: the number, its digits, and what fills them.
_NUMBERS: dict[str, tuple[Callable[[Clock], int], int, str]] = {
    "C": (lambda c: c.fields.year // 100, 2, "0"),
    "d": (lambda c: c.fields.day, 2, "0"),
    "e": (lambda c: c.fields.day, 2, " "),
    "g": (lambda c: _iso(c)[0] % 100, 2, "0"),
    "G": (lambda c: _iso(c)[0], 1, "0"),
    "H": (lambda c: c.fields.hour, 2, "0"),
    "I": (lambda c: c.fields.hour % 12 or 12, 2, "0"),
    "j": (lambda c: c.fields.timetuple().tm_yday, 3, "0"),
    "k": (lambda c: c.fields.hour, 2, " "),
    "l": (lambda c: c.fields.hour % 12 or 12, 2, " "),
    "m": (lambda c: c.fields.month, 2, "0"),
    "M": (lambda c: c.fields.minute, 2, "0"),
    "S": (lambda c: c.fields.second, 2, "0"),
    "u": (lambda c: c.fields.isoweekday(), 1, "0"),
    "U": (lambda c: _week(c, 6), 2, "0"),
    "V": (lambda c: _iso(c)[1], 2, "0"),
    "w": (lambda c: c.fields.isoweekday() % 7, 1, "0"),
    "W": (lambda c: _week(c, 0), 2, "0"),
    "y": (lambda c: c.fields.year % 100, 2, "0"),
    "Y": (lambda c: c.fields.year, 1, "0"),
}
_TEXTS: dict[str, Callable[[Clock], str]] = {
    "a": lambda c: _DAYS[c.fields.weekday()][:3],
    "A": lambda c: _DAYS[c.fields.weekday()],
    "b": lambda c: _MONTHS[c.fields.month - 1][:3],
    "B": lambda c: _MONTHS[c.fields.month - 1],
    "h": lambda c: _MONTHS[c.fields.month - 1][:3],
    "p": lambda c: "AM" if c.fields.hour < 12 else "PM",
    "P": lambda c: "AM" if c.fields.hour < 12 else "PM",
    "s": lambda c: str(c.epoch),
    "t": lambda c: "\t",
    "Z": lambda c: c.zone_name,
    "%": lambda c: "%",
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
