"""Why nothing stands behind a port: no endpoint is given, none is ready, or none has the labels of the subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.services import Endpoint, RegistryPort, Service
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode

_SHOWN = 4


def why_no_endpoints(
    service: Service, port: RegistryPort, subset: str, labels: Mapping[str, str], evidence: Evidence
) -> Reason:
    """Return why no endpoint of *service* on *port* is there for *subset*, whose *labels* it must have."""
    origin = service.origin(port)
    pool = evidence.endpoints.of(service.key)
    if not pool:
        return Reason(ReasonCode.NO_ENDPOINTS, _why_none(service), origin)
    on_port = _on_port(service, port, pool)
    if not on_port:
        return Reason(ReasonCode.NO_ENDPOINTS, _why_none_on_port(service, port, pool), origin)
    ready = [row for row in on_port if row.healthy is not False]
    if not ready:
        return Reason(
            ReasonCode.NO_ENDPOINTS, f"none of its {len(on_port)} endpoints on {port.number} is ready", origin
        )
    if subset and not any(row.labels.items() >= labels.items() for row in ready):
        return _without_labels(service, subset, labels, ready, origin)
    if service.node_local:
        node = evidence.proxy.node
        told = f"internalTrafficPolicy is Local, and no endpoint is on the workload's node ({node or 'not given'})"
        return Reason(ReasonCode.NO_ENDPOINTS, told, origin)
    return Reason(ReasonCode.NO_ENDPOINTS, f"none of its endpoints can be used on port {port.number}", origin)


def _on_port(service: Service, port: RegistryPort, pool: Sequence[Endpoint]) -> list[Endpoint]:
    if service.is_kubernetes:
        return [row for row in pool if row.port_name == port.name]
    return [row for row in pool if row.port_number == port.number]


def _why_none(service: Service) -> str:
    if service.is_kubernetes:
        return "no EndpointSlice or Endpoints gives an endpoint of it"
    if service.selector:
        wanted = ", ".join(f"{key}={text}" for key, text in sorted(service.selector.items()))
        return f"no WorkloadEntry or Pod of namespace `{service.namespace}` has the labels {wanted}"
    return f"it lists no endpoints, which resolution {service.resolution.value} needs"


def _why_none_on_port(service: Service, port: RegistryPort, pool: Sequence[Endpoint]) -> str:
    if not service.is_kubernetes:
        return f"none of its endpoints takes port {port.number}"
    named = sorted({f"`{row.port_name}`" if row.port_name else "no name" for row in pool})
    return (
        f"port {port.number} is named {f'`{port.name}`' if port.name else 'nothing'}, and its endpoints name their "
        f"ports {', '.join(named[:_SHOWN])}: they are paired by name"
    )


def _without_labels(
    service: Service, subset: str, labels: Mapping[str, str], ready: Sequence[Endpoint], origin: Origin
) -> Reason:
    wanted = ", ".join(f"{key}={text}" for key, text in sorted(labels.items()))
    seen = sorted({f"{key}={row.labels[key]}" for row in ready for key in labels if key in row.labels})
    have = f"they have {', '.join(seen[:_SHOWN])}" if seen else f"they have no label {', '.join(sorted(labels))}"
    told = f"none of its {len(ready)} ready endpoints has the labels of subset `{subset}` ({wanted}): {have}"
    return Reason(ReasonCode.SUBSET_WITHOUT_ENDPOINTS, told, origin)
