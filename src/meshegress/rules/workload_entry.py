"""WorkloadEntry, and the inline endpoints of a ServiceEntry."""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources import WorkloadEntry
from meshegress.resources.shape import shown
from meshegress.resources.workload_entry import WorkloadEntrySpec
from meshegress.rules.names import domain_fault, is_address, port_fault, port_name_fault, unix_fault
from meshegress.rules.problem import Problem, Problems, Rule, fault, warning
from meshegress.rules.shared import ask_annotations, ask_fields, label_problems

UNIX = "unix://"


def endpoint_problems(
    endpoint: WorkloadEntrySpec, *, service_ports: frozenset[str] | None = None, names_allowed: bool = True
) -> Problems:
    """Judge one *endpoint*; an inline one knows the *service_ports*, and a STATIC one has no *names_allowed*."""
    if not endpoint.address and not endpoint.network:
        yield Problem(("address",), "the address is missing", "write an IP address, or a network")
        return
    if not endpoint.address:
        yield warning(("address",), f"the address in network {shown(endpoint.network)} is missing")
    if endpoint.address.startswith(UNIX):
        yield from _unix_problems(endpoint, service_ports)
    elif endpoint.address and not is_address(endpoint.address):
        message = f"{shown(endpoint.address)} is not an IP address"
        if not names_allowed:
            yield Problem(("address",), message, "resolution STATIC takes addresses; DNS takes names")
        elif domain_fault(endpoint.address) is not None:
            yield Problem(("address",), f"{message} and no domain name")
    yield from endpoint_port_problems(endpoint, service_ports)
    yield from label_problems(endpoint.labels, ("labels",))


def _unix_problems(endpoint: WorkloadEntrySpec, service_ports: frozenset[str] | None) -> Problems:
    yield from fault(("address",), unix_fault(endpoint.address.removeprefix(UNIX)))
    if endpoint.ports:
        yield Problem(("ports",), "a unix socket has no ports", "remove `ports`")
    if service_ports is not None and len(service_ports) != 1:
        yield Problem(("address",), "a unix socket serves one port of a ServiceEntry", "declare exactly one port")


def endpoint_port_problems(endpoint: WorkloadEntrySpec, service_ports: frozenset[str] | None) -> Problems:
    """Judge the ports of an endpoint: named as the service names them, numbered as ports are."""
    for name, number in endpoint.ports.items():
        if service_ports is not None and name not in service_ports:
            yield Problem(("ports", name), f"the entry declares no port {shown(name)}", "name a port of the entry")
        yield from fault(("ports", name), port_name_fault(name))
        yield from fault(("ports", name), port_fault(number))


def _ask_spec(resource: WorkloadEntry, profile: Profile) -> Problems:
    for problem in endpoint_problems(resource.spec):
        yield problem.under("spec")


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG261", _ask_spec),
)
