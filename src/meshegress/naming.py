"""The names that Istio gives to clusters and listeners, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PASSTHROUGH_CLUSTER = "PassthroughCluster"
BLACK_HOLE_CLUSTER = "BlackHoleCluster"
BLOCK_ALL = "block_all"
ALLOW_ANY_DYNAMIC_DNS_CLUSTER = "AllowAnyDynamicDNSCluster"
VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"


def cluster_name(port: int, host: str, subset: str = "") -> str:
    """Return the name of the outbound cluster of *host* on *port*.

    >>> cluster_name(443, "www.baidu.com")
    'outbound|443||www.baidu.com'
    """
    return f"outbound|{port}|{subset}|{host}"


@dataclass(frozen=True, slots=True)
class ClusterName:
    """A cluster name in its four parts; ``subset`` is empty where there is none."""

    direction: str
    port: int
    subset: str
    host: str

    @classmethod
    def parse(cls, text: str) -> ClusterName | None:
        """Return the parts of *text*, or None where it is not a name of this form.

        One ``;`` at the end, which ``%UPSTREAM_CLUSTER%`` shows since Istio 1.23, is ignored.

        >>> ClusterName.parse("outbound|80|v1|a.com")
        ClusterName(direction='outbound', port=80, subset='v1', host='a.com')
        >>> ClusterName.parse("PassthroughCluster") is None
        True
        """
        direction, *rest = text.removesuffix(";").split("|", 3)
        if len(rest) != 3 or not rest[0].isascii() or not rest[0].isdigit():
            return None
        port, subset, host = rest
        return cls(direction, int(port), subset, host)

    def __str__(self) -> str:
        return f"{self.direction}|{self.port}|{self.subset}|{self.host}"


def listener_name(bind: str, port: int) -> str:
    """Return the name of the listener on *bind* (an address or a socket path) and *port*.

    >>> listener_name("0.0.0.0", 80)
    '0.0.0.0_80'
    """
    return f"{bind}_{port}"


def asked_names(host: str, dns_domain: str) -> Iterator[str]:
    """Yield the names of a table under which *host* may stand: its own, those of search domains, then wildcards."""
    yield host
    labels = dns_domain.split(".")
    for start in range(len(labels)):
        yield ".".join((host, *labels[start:]))
    parts = host.split(".")
    for start in range(1, len(parts) + 1):
        yield ".".join(("*", *parts[start:])) if start < len(parts) else "*"
