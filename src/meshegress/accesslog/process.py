"""What some operators need of the writing process; it is always given, never looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The process that writes: its environment, host name, time zone, files, and the moment of writing.

    ``now_ns`` counts nanoseconds since 1970; ``unique_id`` is what UNIQUE_ID shows.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None
    zone: tzinfo = UTC
    files: Mapping[str, str] = field(default_factory=dict)
    now_ns: int | None = None
    unique_id: str | None = None
