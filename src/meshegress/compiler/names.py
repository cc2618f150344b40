"""The names that the sidecar's DNS proxy answers for one workload.

Source: Istio, pkg/dns/server, BuildNameTable.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshegress.compiler.nouns.addresses import all_addresses
from meshegress.compiler.nouns.pools import EndpointPools, is_ip
from meshegress.compiler.nouns.records import UNSPECIFIED, Endpoint, Proxy, Resolution, Service


def name_table(
    services: Iterable[Service], proxy: Proxy, pools: EndpointPools, *, only_healthy: bool
) -> dict[str, list[str]]:
    """Return the addresses of each host; Kubernetes' answer stands, those of several entries add up."""
    table: dict[str, list[str]] = {}
    kubernetes: set[str] = set()
    for service in services:
        addresses = all_addresses(service, proxy)
        if UNSPECIFIED in addresses:
            found = []
            for endpoint in _pods(service, pools, only_healthy):
                found.append(endpoint.address)
                if endpoint.pod_name:
                    name = f"{endpoint.pod_name}.{service.hostname.partition('.')[2]}"
                    table.setdefault(name, []).append(endpoint.address)
        else:
            found = [address for address in addresses if is_ip(address)]
        if not found or (service.hostname in kubernetes):
            continue
        if service.is_kubernetes:
            kubernetes.add(service.hostname)
            table[service.hostname] = found
        else:
            table[service.hostname] = table.get(service.hostname, []) + found
    return table


def _pods(service: Service, pools: EndpointPools, only_healthy: bool) -> list[Endpoint]:
    if service.resolution is not Resolution.PASSTHROUGH or not service.ports:
        return []
    rows = pools.by_port_number(service.key, service.ports[0].number)
    return [row for row in rows if row.is_ip and (row.healthy or (row.healthy is None and not only_healthy))]
