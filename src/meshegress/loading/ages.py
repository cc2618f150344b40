"""What objects have in the cluster and files do not write: ages, and statuses."""

from __future__ import annotations

from datetime import UTC, datetime

from meshegress.resources import Resource, ServiceEntry, WorkloadEntry

#: Whose status decides where requests go: the addresses that istiod allocated, the health of a machine.
_HONOURED_STATUS = (ServiceEntry, WorkloadEntry)

Instant = datetime | int
"""A point in time: seconds since 1970, or a datetime, in UTC unless it says otherwise."""


def as_replacing(resource: Resource, other: Resource) -> Resource:
    """Return *resource* as the cluster has it once it takes the place of *other*, the same object: age and status stay.

    A status is kept only where *resource* has none: whoever applies a file does not write it.
    """
    age = other.metadata.creation_timestamp
    if age is not None:
        resource = with_age(resource, age)
    if isinstance(other, _HONOURED_STATUS) and "status" in other.model_fields_set - resource.model_fields_set:
        resource = resource.model_copy(update={"status": other.status})
    return resource


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
