"""Reasons: why a request gets the answer that it gets, each a code, one sentence, and the resource that it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from meshegress.decision import Origin


class ReasonCode(Enum):
    """What kind of reason it is; ``meaning`` says it in one line.

    >>> ReasonCode.NOT_MERGED.value, ReasonCode("not_merged").meaning
    ('not_merged', 'entries of one host that do not merge: the ports of the later one have no cluster')
    """

    meaning: str

    def __new__(cls, code: str, meaning: str) -> ReasonCode:
        """Make the member of *code*."""
        member = object.__new__(cls)
        member._value_ = code
        member.meaning = meaning
        return member

    # Clusters that do not exist, or that nothing stands behind.
    NOT_MERGED = "not_merged", "entries of one host that do not merge: the ports of the later one have no cluster"
    SERVICE_HOLDS_HOST = "service_holds_host", "a Kubernetes Service has the host: further ports of entries are lost"
    PORT_NOT_DECLARED = "port_not_declared", "the host is declared, the port is not"
    UNDECLARED_DESTINATION = "undeclared_destination", "a route sends to a host that no resource declares"
    SUBSET_NOT_SEEN = "subset_not_seen", "a DestinationRule names the subset where this workload does not look"
    SUBSET_NOT_DECLARED = "subset_not_declared", "no DestinationRule of the host names the subset"
    SUBSET_WITHOUT_ENDPOINTS = "subset_without_endpoints", "no endpoint has the labels of the subset"
    NO_ENDPOINTS = "no_endpoints", "no endpoint of the port is known and ready"
    NO_CLUSTER_FOR_PORT = "no_cluster_for_port", "ports of this kind get no cluster"
    # Resources that could have been meant.
    NOT_EXPORTED = "not_exported", "the resource is not exported to the workload's namespace"
    NOT_IMPORTED = "not_imported", "the workload's Sidecar does not import the resource"
    OTHER_NAMESPACE = "other_namespace", "the same host of another namespace is preferred"
    OTHER_RESOURCE = "other_resource", "another resource of the same host and port comes first"
    OTHER_ADDRESS = "other_address", "the resource takes the port at its own addresses alone"
    EXTERNAL_NAME = "external_name", "an ExternalName Service is an alias: only what it points at counts"
    NOT_FOR_SIDECARS = "not_for_sidecars", "the VirtualService is for gateways alone"
    ROUTE_WITHOUT_LISTENER = "route_without_listener", "the VirtualService is imported, and nothing listens on the port"
    ROUTE_OF_OTHER_PROTOCOL = "route_of_other_protocol", "the VirtualService routes another protocol than the request's"
    # What the request speaks.
    PLAIN_HTTP_ON_TLS = "plain_http_on_tls", "plain HTTP on a port that is declared as TLS"
    TLS_ON_HTTP = "tls_on_http", "TLS on a port that is declared as HTTP"
    BYTES_ON_HTTP = "bytes_on_http", "bytes that are not HTTP on a port that is declared as HTTP"
    NO_NAME_ON_THE_WIRE = "no_name_on_the_wire", "the connection shows no name, so one resource has the whole port"
    CONNECT = "connect", "CONNECT on a port that is read as HTTP"
    UPGRADE = "upgrade", "an upgrade that no route allows"
    # What answered.
    CLUSTER_OF_ANOTHER = "cluster_of_another", "the chain is one resource's, the cluster another's of the same host"
    NO_ROUTE = "no_route", "the host has routes, and none takes the request"
    OWN_ANSWER = "own_answer", "the route answers, redirects or aborts itself"
    AT_GATEWAY = "at_gateway", "a Gateway, server, VirtualService or rule that does not fit at a gateway"
    NOT_CAPTURED = "not_captured", "an annotation keeps the request from the sidecar"
    NO_SIDECAR = "no_sidecar", "the workload has no sidecar"
    OUTBOUND_POLICY = "outbound_policy", "no resource takes the request, so the outboundTrafficPolicy decides"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: *sentence* says of the resource *origin* what it did, or did not do; without one it stands alone.

    >>> str(Reason(ReasonCode.NO_ROUTE, "has no route for it", Origin("VirtualService", "shop", "web")))
    'VirtualService `shop/web`: has no route for it'
    """

    code: ReasonCode
    sentence: str
    origin: Origin | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.origin is None:
            return self.sentence
        place = self.origin.host_source
        return f"{self.origin}{f' ({place})' if place else ''}: {self.sentence}"
