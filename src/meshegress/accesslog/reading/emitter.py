"""Who wrote a record, as far as what surrounds it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from meshegress.accesslog.identity import NodeId


@dataclass(frozen=True, slots=True)
class Emitter:
    """Where a record comes from: what a collector, a container runtime or ``kubectl logs --prefix`` wrote around it.

    ``node`` is the Kubernetes node or the host, ``time`` the instant of the collector, as text. ``node_type`` is the
    proxy's (``sidecar``, ``router``, ``waypoint``), where its id is known. ``prefix`` is the text before the record
    that names none of these. Nothing known is false.

    >>> bool(Emitter()), Emitter(pod="cart-1").as_dict()
    (False, {'pod': 'cart-1'})
    """

    pod: str | None = None
    namespace: str | None = None
    container: str | None = None
    node: str | None = None
    stream: str | None = None
    time: str | None = None
    node_type: str | None = None
    log_name: str | None = None
    prefix: str | None = None

    def __bool__(self) -> bool:
        return self is not NOBODY and any(getattr(self, name) is not None for name in _NAMES)

    def __str__(self) -> str:
        place = "/".join(part for part in (self.namespace, self.pod, self.container) if part)
        return place or self.node or self.stream or self.prefix or ""

    def as_dict(self) -> dict[str, str]:
        """Return what is known, by name."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) is not None}

    def over(self, outer: Emitter) -> Emitter:
        """Return this one, with what only *outer* knows: of two wrappings, the inner one is closer to the record."""
        return Emitter(**{**outer.as_dict(), **self.as_dict()}) if outer else self

    @classmethod
    def of(cls, known: Mapping[str, str]) -> Emitter:
        """Return the emitter of *known* names; the id of a proxy (``node_id``) tells pod, namespace and type.

        >>> Emitter.of({"node_id": "sidecar~10.8.1.4~cart-6d5.shop~shop.svc.cluster.local"}).as_dict()
        {'pod': 'cart-6d5', 'namespace': 'shop', 'node_type': 'sidecar'}
        """
        given = dict(known)
        node = NodeId.parse(given.pop("node_id", ""))
        if node is None:
            return cls(**given)
        told = {"pod": node.pod, "namespace": node.namespace, "node_type": node.type}
        return cls(**{**{name: value for name, value in told.items() if value}, **given})


_NAMES = tuple(field.name for field in fields(Emitter))
#: Of whom nothing is known.
NOBODY = Emitter()
