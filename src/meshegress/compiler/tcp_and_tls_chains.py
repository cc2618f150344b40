"""Chains that carry bytes as they are: by server name for TLS and HTTPS, by address for the rest.

Source: Istio, pilot/pkg/networking/core, tls.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meshegress.compiler.model.drafts import FilterChainDraft, single, target_cluster, weighted
from meshegress.compiler.model.proxy import UNSPECIFIED, UNSPECIFIED_V6, Proxy
from meshegress.compiler.model.routing import MESH_GATEWAY, ResolvedVirtualService, RouteTarget, TcpEntry
from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.profiles import Profile
from meshegress.resources.virtual_service import L4MatchAttributes, TLSMatchAttributes
from meshegress.table import TcpProxy


@dataclass(frozen=True, slots=True)
class TcpAndTlsChains:
    """Plans the opaque chains of one service port; ``services`` are the scope's merged ones.

    ``alternative_names`` gives the short forms of an alias, ``address_of`` the address a proxy uses for a service.
    """

    proxy: Proxy
    profile: Profile
    services: Mapping[str, Service]
    alternative_names: Callable[[str], Sequence[str]]
    address_of: Callable[[Service], str]

    def plan(
        self,
        service: Service,
        port: RegistryPort,
        *,
        bind: str,
        cidrs: tuple[str, ...],
        virtual_services: Sequence[ResolvedVirtualService],
    ) -> list[FilterChainDraft]:
        """Return the chains for *port* of *service* on the listener at *bind*, for the service's *cidrs*.

        *virtual_services* are those that overlap with the service's host.
        """
        if port.protocol.is_tls:
            return self._tls(service, port, bind, cidrs, virtual_services)
        return list(self._tcp(service, port, cidrs, virtual_services))

    def _tls(
        self,
        service: Service,
        port: RegistryPort,
        bind: str,
        cidrs: tuple[str, ...],
        virtual_services: Sequence[ResolvedVirtualService],
    ) -> list[FilterChainDraft]:
        plans: dict[tuple[str, str], FilterChainDraft] = {}
        for entry, match in self._tls_matches(virtual_services, port):
            # So in Istio: the subnets of one match stay in force for the matches after it.
            if match.destination_subnets and port.number > 0:
                cidrs = tuple(match.destination_subnets)
            asked = (",".join(match.sni_hosts), ",".join(match.destination_subnets))
            if asked not in plans:
                names = tuple(match.sni_hosts)
                plans[asked] = FilterChainDraft(self._routed(entry, port), names, cidrs, origin=entry.origin)
        if plans:
            return list(plans.values())
        names = self._server_names(service) if self._needs_names(service, bind, cidrs) else ()
        return [self._own(service, port, cidrs, names)]

    def _tls_matches(
        self, virtual_services: Sequence[ResolvedVirtualService], port: RegistryPort
    ) -> Iterator[tuple[TcpEntry, TLSMatchAttributes]]:
        for entry in (entry for row in virtual_services for entry in row.tls):
            for match in entry.route.match:
                if isinstance(match, TLSMatchAttributes) and self._applies(match, port):
                    yield entry, match

    def _needs_names(self, service: Service, bind: str, cidrs: tuple[str, ...]) -> bool:
        address = self.address_of(service)
        wildcard = self.proxy.wildcards[0]
        if address == UNSPECIFIED and not service.is_kubernetes and wildcard == UNSPECIFIED_V6:
            address = UNSPECIFIED_V6
        plain = address and "/" not in address and not address == bind == wildcard
        return bool(cidrs) or not plain or self._is_dynamic(service)

    def _is_dynamic(self, service: Service) -> bool:
        """Return whether names below the wildcard that *service* is are resolved for each connection."""
        dynamic = service.hostname.startswith("*") and service.resolution is ServiceResolution.DYNAMIC_DNS
        return dynamic and self.profile.dynamic_dns_for_sidecars

    def _own(
        self, service: Service, port: RegistryPort, cidrs: tuple[str, ...], names: tuple[str, ...] = ()
    ) -> FilterChainDraft:
        """Return the chain to the cluster of *service* itself."""
        number = service.ports[0].number if len(service.ports) == 1 else port.number
        proxied = TcpProxy(single(service.cluster(number)))
        return FilterChainDraft(
            proxied, names, cidrs, resolves_name=self._is_dynamic(service), origin=service.origin(port)
        )

    def _server_names(self, service: Service) -> tuple[str, ...]:
        names = [service.hostname]
        for alias in service.aliases:
            names += (alias.name, *self.alternative_names(alias.name))
        return tuple(names)

    def _tcp(
        self,
        service: Service,
        port: RegistryPort,
        cidrs: tuple[str, ...],
        virtual_services: Sequence[ResolvedVirtualService],
    ) -> Iterator[FilterChainDraft]:
        covered = False
        for entry in (entry for row in virtual_services for entry in row.tcp):
            subnets = self._subnets(entry, port)
            if subnets is None:
                yield FilterChainDraft(self._routed(entry, port), (), cidrs, origin=entry.origin)
                return
            if subnets:
                yield FilterChainDraft(self._routed(entry, port), (), tuple(sorted(subnets)), origin=entry.origin)
                covered = covered or sorted(subnets) == sorted(cidrs)
        if not covered:
            yield self._own(service, port, cidrs)

    def _subnets(self, entry: TcpEntry, port: RegistryPort) -> list[str] | None:
        """Return the subnets of the matches that apply, None where the entry takes everything of the service."""
        if not entry.route.match:
            return None
        found: list[str] = []
        for match in entry.route.match:
            if self._applies(match, port):
                if not match.destination_subnets or port.number == 0:
                    return None
                found.extend(match.destination_subnets)
        return found

    def _applies(self, match: TLSMatchAttributes | L4MatchAttributes, port: RegistryPort) -> bool:
        return (
            (not match.gateways or MESH_GATEWAY in match.gateways)
            and self.proxy.has_labels(match.source_labels)
            and match.port in (0, port.number)
            and match.source_namespace in ("", self.proxy.namespace)
        )

    def _routed(self, entry: TcpEntry, port: RegistryPort) -> TcpProxy:
        clusters = [self._cluster(target, port) for target in entry.targets]
        return TcpProxy(weighted(entry.targets, clusters))

    def _cluster(self, target: RouteTarget, port: RegistryPort) -> str:
        service = self.services.get(target.host)
        only = service.ports[0].number if service is not None and len(service.ports) == 1 else None
        return target_cluster(target, service, only_port=only, listener_port=port.number)
