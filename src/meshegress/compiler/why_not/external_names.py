"""ExternalName Services: aliases, which take no request themselves.

Source: Istio, pilot/pkg/model, resolveServiceAliases.
"""

from __future__ import annotations

from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.services import Service, ServiceResolution
from meshegress.decision.reasons import Reason, ReasonCode


def why_alias(alias: Service, port: int, evidence: Evidence) -> Reason:
    """Return why the ExternalName Service *alias* does not take a request on *port*."""
    target = alias.external_name
    told = f"ExternalName: an alias of `{target}`, "
    found = [
        service
        for service in evidence.services_of([target])
        if service.resolution is not ServiceResolution.ALIAS and not service.hostname.startswith("*")
    ]
    visible = [service for service in found if evidence.index.is_visible(service, evidence.namespace)]
    if not found:
        told += "which no resource declares; its own ports do not count"
    elif not visible:
        told += f"which is not exported to namespace `{evidence.namespace}`"
    elif not any(service.port(port) is not None for service in visible):
        declared = sorted({row.number for service in visible for row in service.ports})
        told += f"which declares no port {port} (its ports: {', '.join(map(str, declared)) or 'none'})"
    else:
        told += f"which takes port {port} under its own name, as far as {evidence.importer} imports both"
    return Reason(ReasonCode.EXTERNAL_NAME, told, alias.origin())
