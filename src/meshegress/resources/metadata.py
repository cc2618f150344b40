"""What every resource has: its kind, its metadata, its place, and how it prints."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from meshegress.resources._message import FrozenMap, Message, StringMap, harmless, honoured

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


_FRACTION = re.compile(r"[.,]\d+", re.ASCII)
_NO_TIMESTAMP = "is not a timestamp such as `2024-01-01T00:00:00Z`"


def epoch_seconds(value: object) -> object:
    """Return a timestamp of the wire as whole seconds since 1970; numbers and None stay.

    >>> epoch_seconds("2024-01-01T00:00:00Z")
    1704067200
    """
    if not isinstance(value, str):
        return int(value) if type(value) is float and isfinite(value) else value
    if not _TIMESTAMP.match(value):
        raise ValueError(_NO_TIMESTAMP)
    try:
        return int(datetime.fromisoformat(_FRACTION.sub("", value)).astimezone(UTC).timestamp())
    except OverflowError:  # an offset that leads out of the calendar
        raise ValueError(_NO_TIMESTAMP) from None


Timestamp = Annotated[int, BeforeValidator(epoch_seconds)]


class ObjectMeta(Message):
    """The metadata of an object; timestamps are whole seconds since 1970, None where there is none.

    An object that has a ``deletion_timestamp`` is about to end.
    """

    name: str = honoured("")
    namespace: str = honoured("")
    labels: StringMap = honoured(factory=FrozenMap)
    annotations: StringMap = honoured(factory=FrozenMap)
    creation_timestamp: Timestamp | None = honoured(None)
    deletion_timestamp: Timestamp | None = honoured(None)

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset({
        "clusterName", "deletionGracePeriodSeconds", "finalizers", "generateName", "generation", "initializers",
        "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid",
    })  # fmt: skip


class Resource(Message):
    """An object with a kind and metadata."""

    api_version: str = honoured("")
    kind: str = honoured("")
    metadata: ObjectMeta = honoured(factory=ObjectMeta)

    @property
    def name(self) -> str:
        """The name in the metadata."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """The namespace in the metadata."""
        return self.metadata.namespace

    @property
    def subject(self) -> str:
        """What this is called in findings, for example ``ServiceEntry `shop/payments```."""
        place = f"{self.metadata.namespace}/{self.metadata.name}" if self.metadata.namespace else self.metadata.name
        return f"{self.kind} `{place}`"


class IstioCondition(Message):
    """A condition that a controller wrote down, such as ``Healthy``."""

    type: str = honoured("")
    status: str = honoured("")
    last_probe_time: Any = harmless(None)
    last_transition_time: Any = harmless(None)
    reason: str = harmless("")
    message: str = harmless("")
    observed_generation: Any = harmless(None)


class IstioStatus(Message):
    """What controllers wrote down about a resource."""

    conditions: tuple[IstioCondition, ...] = honoured(())
    validation_messages: Any = harmless(None)
    observed_generation: Any = harmless(None)
