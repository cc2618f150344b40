"""The names that the sidecar's DNS proxy answers for one workload.

Source: Istio, pkg/dns/server, BuildNameTable.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshegress.compiler.model.addresses import all_addresses
from meshegress.compiler.model.endpoint_index import EndpointIndex, is_ip
from meshegress.compiler.model.proxy import UNSPECIFIED, Proxy
from meshegress.compiler.model.services import Endpoint, Service, ServiceResolution
from meshegress.profiles import Profile


def name_table(
    services: Iterable[Service], proxy: Proxy, pools: EndpointIndex, profile: Profile
) -> dict[str, list[str]]:
    """Return the addresses of each host; Kubernetes' answer stands, those of several entries add up."""
    table: dict[str, list[str]] = {}
    kubernetes: set[str] = set()
    for service in services:
        found = [address for address in all_addresses(service, proxy) if is_ip(address)]
        if UNSPECIFIED in found:
            pods = [pod for pod in _pods(service, pools, profile) if _is_near(pod, proxy)]
            found = [pod.address for pod in pods]
            table.update(_pod_names(service, pods, profile))
        if not found or service.hostname in kubernetes:
            continue
        if service.is_kubernetes:
            kubernetes.add(service.hostname)
            table[service.hostname] = found
        else:
            table[service.hostname] = table.get(service.hostname, []) + found
    return table


def _pod_names(service: Service, pods: Iterable[Endpoint], profile: Profile) -> dict[str, list[str]]:
    """Return the addresses of the names that single Pods of *service* have."""
    found: dict[str, list[str]] = {}
    for pod in (pod for pod in pods if pod.pod_name):
        name = f"{pod.pod_name}.{service.hostname.partition('.')[2]}"
        known = found.get(name, []) if profile.pod_names_add_up else []
        found[name] = [*known, pod.address]
    return found


def _pods(service: Service, pools: EndpointIndex, profile: Profile) -> list[Endpoint]:
    if service.resolution is not ServiceResolution.PASSTHROUGH or not service.ports:
        return []
    rows = pools.by_port_number(service.key, service.ports[0].number)
    named = "." in service.hostname  # or else a Pod with a subdomain has no name that could be made, and is left out
    rows = [row for row in rows if row.is_ip and (named or not row.pod_name)]
    return [row for row in rows if service.publishes_unready or _is_healthy(row, profile)]


def _is_near(row: Endpoint, proxy: Proxy) -> bool:
    """Return whether *proxy* and *row* are in one network, as far as both tell."""
    return not proxy.network or not row.network or row.network == proxy.network


def _is_healthy(row: Endpoint, profile: Profile) -> bool:
    return bool(row.healthy) or (row.healthy is None and not profile.names_only_healthy)
