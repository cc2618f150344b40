"""Services and their endpoints, as the passes hand them to one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import NamedTuple

from meshegress.compiler.model.protocols import Protocol
from meshegress.compiler.model.proxy import UNSPECIFIED
from meshegress.decision import Origin
from meshegress.naming import cluster_name
from meshegress.resources import Resource, ServiceEntry
from meshegress.resources.service_entry import Location


class ServiceResolution(Enum):
    """How a service's endpoints are found."""

    CLIENT_SIDE_LB = "STATIC"
    DNS_LB = "DNS"
    DNS_ROUND_ROBIN_LB = "DNS_ROUND_ROBIN"
    PASSTHROUGH = "NONE"
    DYNAMIC_DNS = "DYNAMIC_DNS"
    ALIAS = "ALIAS"

    # Set below the class.
    is_dns: bool


for _member in ServiceResolution:
    _member.is_dns = _member in (ServiceResolution.DNS_LB, ServiceResolution.DNS_ROUND_ROBIN_LB)


class RegistryPort(NamedTuple):
    """A port of a service; ``place`` is its index in ``spec.ports``, -1 where it stands elsewhere."""

    number: int
    name: str
    protocol: Protocol
    place: int


class Named(NamedTuple):
    """The name of an object in its namespace."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One host on one address: what a ServiceEntry (per host and address) or a Kubernetes Service stands for.

    ``name`` is what ties of age are broken by: the host for entries, the object's name for Kubernetes. ``selector``
    is None where there is none. ``created`` is in seconds, None where the resource does not say.
    """

    hostname: str
    namespace: str
    name: str
    ports: tuple[RegistryPort, ...]
    resolution: ServiceResolution
    resource: Resource
    object_name: str
    host_path: tuple[str | int, ...] = ()
    address: str = UNSPECIFIED
    is_kubernetes: bool = False
    cluster_vips: tuple[str, ...] = ()
    automatic_v4: str | None = None
    automatic_v6: str | None = None
    export_to: frozenset[str] = frozenset()
    selector: Mapping[str, str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    created: int | None = None
    #: What counts as the age of one that does not say: the oldest, or one that is about to be applied.
    undated_age: int = 0
    aliases: tuple[Named, ...] = ()
    external_name: str = ""
    publishes_unready: bool = False
    #: Only endpoints on the client's own node count.
    node_local: bool = False
    #: Where each port stands in the resources.
    origins: tuple[Origin, ...] = ()
    #: The name of each port's cluster: one text for all who send there.
    clusters: tuple[str, ...] = ()

    @property
    def age(self) -> int:
        """What the order of services goes by."""
        return self.undated_age if self.created is None else self.created

    @property
    def key(self) -> Named:
        """The namespace and host under which endpoints are pooled."""
        return Named(self.namespace, self.hostname)

    @property
    def is_external(self) -> bool:
        """Whether the service is outside of the mesh; an entry without a location is.

        Source: Istio, pilot/pkg/serviceregistry/serviceentry, convertServices.
        """
        entry = self.resource
        if isinstance(entry, ServiceEntry):
            return entry.spec.location is not Location.MESH_INTERNAL
        return self.resolution is ServiceResolution.ALIAS

    def port(self, number: int) -> RegistryPort | None:
        """Return the port *number*, or None."""
        for port in self.ports:
            if port.number == number:
                return port
        return None

    @property
    def firsts(self) -> Iterable[RegistryPort]:
        """The first port of each number: Kubernetes allows one for each transport, such as UDP and TCP."""
        found: dict[int, RegistryPort] = {}
        for port in self.ports:
            found.setdefault(port.number, port)
        return found.values()

    def origin(self, port: RegistryPort | None = None) -> Origin:
        """Return where *port* of this service, or the service itself, stands in the resources."""
        for own, origin in zip(self.ports, self.origins, strict=True):
            if own is port:
                return origin
        return origin_of(self.resource, self.host_path, None)

    def cluster(self, number: int) -> str:
        """Return the name of the cluster of port *number*, whether or not there is such a port."""
        for port, name in zip(self.ports, self.clusters, strict=True):
            if port.number == number:
                return name
        return cluster_name(number, self.hostname)

    def with_ports(self, ports: Iterable[RegistryPort]) -> Service:
        """Return the service with these of its *ports* alone."""
        kept = tuple(ports)
        origins = tuple(self.origin(port) for port in kept)
        return replace(self, ports=kept, origins=origins, clusters=tuple(self.cluster(port.number) for port in kept))

    def merged(self, other: Service) -> Service:
        """Return the service with the ports of *other* that are new by number, of each number the first."""
        known = {port.number for port in self.ports}
        new = other.with_ports(port for port in other.firsts if port.number not in known)
        return replace(
            self,
            ports=self.ports + new.ports,
            origins=self.origins + new.origins,
            clusters=self.clusters + new.clusters,
        )


def origin_of(resource: Resource, host_path: tuple[str | int, ...], place: int | None) -> Origin:
    """Return the origin of a host of *resource* and of the port at *place* in ``spec.ports``."""
    port_path = () if place is None else _port_path(place)
    return Origin(resource.kind, resource.namespace, resource.name, resource, host_path, port_path)


@cache
def _port_path(place: int) -> tuple[str | int, ...]:
    return ("spec", "ports", place)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address behind a service.

    ``port_number`` is the service's port for endpoints of entries, which are found by number, and 0 for those of
    Kubernetes, which are found by ``port_name``. Where the *labels* are not all known, others may be there as well.
    ``pod`` names the Pod that counts as an endpoint though nothing lists it. ``target`` is the port dialled (0 for a
    socket path), ``pod_name`` the host name and subdomain of a Pod that has them, ``node`` the node that a Pod runs on,
    ``network`` its network.
    """

    address: str
    port_name: str
    port_number: int
    target: int
    labels: Mapping[str, str]
    is_ip: bool = True
    #: None: nobody says.
    healthy: bool | None = None
    pod_name: str = ""
    node: str = ""
    network: str = ""
    knows_labels: bool = True
    pod: str = ""

    def could_have(self, labels: Mapping[str, str]) -> bool:
        """Return whether *labels*, which this has not, could be among those that are not known."""
        return not self.knows_labels and could_be_added(labels, self.labels)


def could_be_added(labels: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Return whether something with the *known* labels could have *labels* too."""
    return all(known.get(key, value) == value for key, value in labels.items())
