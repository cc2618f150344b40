"""The sender of requests, and whatever of it can matter to its sidecar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshegress.errors import RequestError
from meshegress.request.capture import EVERYTHING, Capture
from meshegress.wire.addressing import canonical_address


@dataclass(frozen=True, slots=True)
class Workload:
    """The sender: namespace, labels, addresses, proxy metadata (Istio's names, such as ``DNS_CAPTURE``) and DNS domain.

    >>> Workload("shop").dns_domain
    'shop.svc.cluster.local'
    """

    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ("192.0.2.1",)
    metadata: Mapping[str, str] = field(default_factory=dict)
    dns_domain: str = ""
    #: What of its connections the sidecar sees.
    capture: Capture = EVERYTHING

    def __post_init__(self) -> None:
        _require(self.namespace, str, "a namespace is a text")
        _require(self.labels, Mapping, "`labels` is a mapping, such as {'app': 'cart'}")
        _require(self.metadata, Mapping, "`metadata` is a mapping, such as {'DNS_CAPTURE': 'true'}")
        addresses: object = self.addresses
        if isinstance(addresses, str):  # one is meant: a text would give its letters
            object.__setattr__(self, "addresses", (addresses,))
        if not self.dns_domain:
            object.__setattr__(self, "dns_domain", f"{self.namespace}.svc.cluster.local")
        object.__setattr__(self, "addresses", tuple(address_of(address) for address in self.addresses))
        object.__setattr__(self, "metadata", {str(k): str(v) for k, v in self.metadata.items()})

    def __hash__(self) -> int:
        return hash((self.namespace, frozenset(self.labels.items()), self.addresses, self.dns_domain))


def address_of(text: object) -> str:
    """Return the address that *text* is, in its shortest form; raise RequestError where it is none."""
    literal = canonical_address(text) if isinstance(text, str) else None
    if literal is None:
        raise RequestError(text, "this is not an IP address")
    return literal


def _require(value: object, kind: type, wanted: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{wanted}, not {type(value).__name__}")
