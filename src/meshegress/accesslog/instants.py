"""Instants as nanoseconds since 1970, from whatever tells one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshegress.accesslog.fields import stamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years have four digits.
_FIRST, _LAST = -62_135_510_400 * 10**9, 253_402_214_400 * 10**9


def epoch_ns(value: object) -> int | None:
    """Return the instant of *value*: nanoseconds, a datetime (a naive one is UTC), or a default time stamp.

    What is none of these, or beyond the years that have four digits, is None.

    >>> epoch_ns("1970-01-01T00:00:01.500Z")
    1500000000
    """
    if isinstance(value, str):
        value = stamp(value)
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if _FIRST <= value <= _LAST else None
