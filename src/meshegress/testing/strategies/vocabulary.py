"""What everything that is drawn has in common: small pools of names, addresses, ports and labels."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st

from meshegress.resources import ObjectMeta

T = TypeVar("T")

DOMAINS = ("a.com", "b.com", "x.a.com", "y.a.com", "x.y.a.com", "c.org")
KUBERNETES = ("api", "db", "web")
NAMESPACES = ("default", "shop", "istio-system")
LOCAL = tuple(f"{name}.{namespace}.svc.cluster.local" for name in KUBERNETES for namespace in NAMESPACES[:2])
WILDCARDS = ("*.a.com", "*.y.a.com", "*.com", "*.org", "*.shop.svc.cluster.local")
ODD = ("A.com", "X.a.com", "*-a.com", "a.com.")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.1.0.1", "192.0.2.7", "2001:db8::1")
RANGES = ("10.0.0.0/24", "10.0.0.0/8", "192.0.2.0/24", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32")
CLUSTER_IPS = ("10.96.0.1", "10.96.0.2", "10.96.0.3", "fd00::1")
AUTOMATIC = ("240.240.0.1", "240.240.0.2", "2001:2::1")
PORTS = (80, 443, 8080, 9000)
PROTOCOLS = ("HTTP", "HTTP2", "GRPC", "HTTPS", "TLS", "TCP", "MONGO", "MYSQL", "UDP", "")
LABELS: tuple[dict[str, str], ...] = ({"app": "a"}, {"app": "b"}, {"app": "a", "version": "v1"})


_USUAL = ("a.com", "a.com", "a.com", "x.a.com", LOCAL[0])
_NAMES = st.sampled_from((*_USUAL, *DOMAINS, *LOCAL[:3]))
_HOSTS = st.sampled_from((*_USUAL, *_USUAL, *DOMAINS, *LOCAL[:3], *WILDCARDS))
_ADDRESSES = st.sampled_from(ADDRESSES)
_DIE = st.integers(0, 3)

ANY_PORT = st.sampled_from((80, 80, *PORTS))
ANY_RANGE = st.sampled_from(RANGES)
ANY_LABELS = st.sampled_from(LABELS)
ANY_NAMESPACE = st.sampled_from(("shop", *NAMESPACES))
ANY_EXPORT = st.sampled_from(((), (), (), (".",), ("*",), ("shop",), ("default", "shop")))
ANY_NAME = "drawn"
"""A world gives each resource of this name one of its own; other names mean something, and stay."""
METADATA = ANY_NAMESPACE.map(lambda namespace: ObjectMeta(name=ANY_NAME, namespace=namespace))


def names() -> st.SearchStrategy[str]:
    """Draw a full name of a host."""
    return _NAMES


def hosts() -> st.SearchStrategy[str]:
    """Draw a host as resources write it: a name, or a wildcard over names."""
    return _HOSTS


def addresses() -> st.SearchStrategy[str]:
    """Draw an IP address."""
    return _ADDRESSES


@cache
def some(values: st.SearchStrategy[T], most: int = 2, least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    """Draw a few different *values*; made once for each of the strategies, which the modules keep."""
    return st.lists(values, min_size=least, max_size=most, unique=True).map(tuple)


def rarely(draw: st.DrawFn, values: st.SearchStrategy[T], otherwise: Any = None) -> Any:
    """Return one of *values* now and then, and else *otherwise*."""
    return draw(values) if draw(_DIE) == 3 else otherwise
