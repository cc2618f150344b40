"""Instants as nanoseconds since 1970, from whatever tells one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from meshegress.accesslog.fields import stamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_ns(value: object) -> int | None:
    """Return the instant of *value*: nanoseconds, a datetime (a naive one is UTC), or a default time stamp.

    >>> epoch_ns("1970-01-01T00:00:01.500Z")
    1500000000
    """
    if isinstance(value, str):
        value = stamp(value)
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    return value if isinstance(value, int) and not isinstance(value, bool) else None
