"""The addresses under which a proxy knows a service.

Source: Istio, pilot/pkg/model, Service.GetAddressForProxy and GetExtraAddressesForProxy.
"""

from __future__ import annotations

from meshegress.compiler.model.proxy import UNSPECIFIED, Proxy
from meshegress.compiler.model.services import Service


def service_address(service: Service, proxy: Proxy) -> str:
    """Return the address that *proxy* listens on for *service*: its own family's, else what the service has."""
    vips = of_one_family(service.cluster_vips, proxy)
    if vips:
        return vips[0]
    if proxy.dns_capture and service.address == UNSPECIFIED:
        if proxy.ipv4 and service.automatic_v4:
            return service.automatic_v4
        if proxy.ipv6 and service.automatic_v6:
            return service.automatic_v6
    return service.address


def extra_addresses(service: Service, proxy: Proxy) -> tuple[str, ...]:
    """Return the further addresses of *service* for *proxy*, beside ``service_address``."""
    return all_addresses(service, proxy)[1:]


def all_addresses(service: Service, proxy: Proxy) -> tuple[str, ...]:
    """Return every address of *service* that *proxy* has a use for."""
    addresses: tuple[str, ...] = service.cluster_vips
    if not addresses and proxy.dns_capture:
        addresses = tuple(filter(None, (service.automatic_v4, service.automatic_v6)))
    found = of_one_family(addresses, proxy)
    if found or not service.cluster_vips or not proxy.only_own_family:
        return found or (service.address,)
    return of_one_family((service.address,), proxy)


def of_one_family(addresses: tuple[str, ...], proxy: Proxy) -> tuple[str, ...]:
    """Return those of the family that *proxy* speaks, of both the first one's; with dual stack all."""
    if not addresses or proxy.is_dual_stack:
        return addresses
    v6 = ":" in addresses[0] if proxy.ipv4 and proxy.ipv6 else proxy.ipv6
    return tuple(address for address in addresses if (":" in address) == v6)
