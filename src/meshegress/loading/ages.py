"""Ages that objects have in the cluster and files do not write."""

from __future__ import annotations

from datetime import UTC, datetime

from meshegress.resources import Resource

Instant = datetime | int
"""A point in time: seconds since 1970, or a datetime, in UTC unless it says otherwise."""


def with_age_of(resource: Resource, other: Resource) -> Resource:
    """Return *resource* with the age of *other*, the same object as the cluster has it, if it has none of its own."""
    age = other.metadata.creation_timestamp
    return resource if age is None else with_age(resource, age)


def with_age(resource: Resource, seconds: int) -> Resource:
    """Return *resource* as created at *seconds* since 1970, unless it says when it was."""
    metadata = resource.metadata
    if metadata.creation_timestamp is not None:
        return resource
    return resource.model_copy(update={"metadata": metadata.model_copy(update={"creation_timestamp": seconds})})


def seconds_of(instant: Instant) -> int:
    """Return *instant* in seconds since 1970.

    >>> seconds_of(datetime(2024, 1, 1)), seconds_of(1704067200)
    (1704067200, 1704067200)
    """
    if isinstance(instant, int):
        return instant
    return int((instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)).timestamp())
