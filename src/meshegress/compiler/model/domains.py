"""The domains under which a service answers, short forms and all.

Source: Istio, pilot/pkg/networking/core, generateVirtualHostDomains and GenerateAltVirtualHosts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from meshegress.compiler.model.addresses import of_one_family, service_address
from meshegress.compiler.model.proxy import UNSPECIFIED, Proxy
from meshegress.compiler.model.services import Service, ServiceResolution

_KUBERNETES = ".svc."


def host_and_port(host: str, port: int) -> str:
    """Return *host* and *port* as one name, an IPv6 address in brackets."""
    return f"{bracketed(host)}:{port}"


def bracketed(host: str) -> str:
    """Return *host*, in brackets where it is an IPv6 address."""
    return f"[{host}]" if ":" in host else host


def alternative_names(host: str, dns_domain: str, *, absolute: bool) -> list[str]:
    """Return the other names of *host* for a proxy in *dns_domain*: with a trailing dot, and the short forms."""
    names = [host + "."] if absolute else []
    if _KUBERNETES in dns_domain:
        if host.endswith(_suffix(dns_domain)):
            names += _kubernetes_short_forms(host, dns_domain)
        return names
    unique, shared = _split_shared(host.split("."), dns_domain.split("."))
    if shared:
        short = ".".join(unique)
        names.append(short)
        if len(unique) == 2:
            names.append(f"{short}.{shared[0]}")
    return names


@lru_cache(maxsize=64)
def _suffix(dns_domain: str) -> str:
    """Return the part of *dns_domain* that all of the cluster's services share, with its leading dot."""
    return dns_domain[dns_domain.index(".svc.") :]


def _kubernetes_short_forms(host: str, dns_domain: str) -> list[str]:
    dot, end = host.find("."), host.find(_KUBERNETES)
    if end <= 0 or dot + 1 > end:
        return []
    with_namespace = host[:end]
    if host[dot + 1 : end] == dns_domain.partition(_KUBERNETES)[0]:
        return [host[:dot], f"{with_namespace}.svc", with_namespace]
    return [with_namespace, f"{with_namespace}.svc"]


def _split_shared(host: list[str], domain: list[str]) -> tuple[list[str], list[str]]:
    count = 0
    while count < min(len(host), len(domain)) and host[-1 - count] == domain[-1 - count]:
        count += 1
    cut = len(host) - count
    return host[:cut], host[cut:]


def service_domains(
    service: Service, host: str, proxy: Proxy, *, port: int | None, absolute: bool
) -> tuple[list[str], list[str]]:
    """Return the domains of *service* under *host*, and those among them that are only other forms.

    With *port* each name is listed with the port too.
    """
    domains: list[str] = []
    other_forms: list[str] = []
    for name in (host, *(alias.name for alias in service.aliases)):
        forms = list(_with_port(alternative_names(name, proxy.dns_domain, absolute=absolute), port))
        domains += (*_with_port([name], port), *forms)
        other_forms += forms
    if service.is_kubernetes and service.resolution is ServiceResolution.PASSTHROUGH:
        domains += ["*." + domain for domain in domains]
    domains += _with_port(_domain_addresses(service, proxy), port)
    return domains, other_forms


def _with_port(names: list[str], port: int | None) -> Iterator[str]:
    for name in names:
        yield bracketed(name)
        if port is not None:
            yield host_and_port(name, port)


def _domain_addresses(service: Service, proxy: Proxy) -> list[str]:
    """Return the addresses that stand for *service* in a Host header; automatic ones only as the one listened on."""
    vips = of_one_family(service.cluster_vips, proxy)
    if not vips and (not service.cluster_vips or not proxy.only_own_family):
        vips = (service_address(service, proxy),)
    return [address for address in vips if address != UNSPECIFIED]
