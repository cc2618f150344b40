"""What no decision shows: hosts that two resources declare, and what reaches wider or less wide than one expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from meshegress.analysis.lint.finding import MeshFinding
from meshegress.analysis.lint.promises import promises_of
from meshegress.analysis.lint.survey import Seat, Survey, identity_of
from meshegress.analysis.lint.telling import about, whom
from meshegress.compiler.model.protocols import parse_protocol
from meshegress.decision.assumptions import EQUAL_AGES
from meshegress.findings import Severity
from meshegress.resources import DestinationRule, ServiceEntry

#: Below these anybody can have a name: a wildcard there covers what belongs to nobody in particular.
_WIDE = frozenset({"com", "net", "org", "io", "dev", "app", "cloud", "co.uk", "com.cn", "de", "eu", "info", "ai"})
_TLS = frozenset({"SIMPLE", "MUTUAL"})

Declared = Mapping[str, Sequence[ServiceEntry]]


def declared_hosts(survey: Survey) -> Declared:
    """Return the entries by the hosts that they declare."""
    found: dict[str, list[ServiceEntry]] = {}
    for entry in survey.mesh.resources.service_entries:
        for host in dict.fromkeys(host.lower() for host in entry.spec.hosts):
            found.setdefault(host, []).append(entry)
    return found


def standing_rules(survey: Survey, entry: ServiceEntry, declared: Declared) -> Iterator[MeshFinding]:
    """Yield what is to be said of *entry* without asking a request."""
    yield from _same_host(survey, entry, declared)
    yield from _breadth(survey, entry, declared)


def _same_host(survey: Survey, entry: ServiceEntry, declared: Declared) -> Iterator[MeshFinding]:
    """Yield the hosts and ports that *entry* shares with an earlier one which the same client sees."""
    for place, host in enumerate(entry.spec.hosts):
        for other in declared.get(host.lower(), ()):
            if identity_of(other) >= identity_of(entry):
                continue
            shared = sorted({port.number for port in entry.spec.ports} & {port.number for port in other.spec.ports})
            seat = _who_sees_both(survey, entry, other)
            if shared and seat is not None:
                told = f"`{host}` on port {shared[0]} is declared by {other.subject} ({other.source()}) too"
                path = ("spec", "hosts", place)
                yield about("EG405", entry, f"{told}; {_winner(seat, entry, host, shared[0])}", path=path, seat=seat)
                break


def _who_sees_both(survey: Survey, entry: ServiceEntry, other: ServiceEntry) -> Seat | None:
    index = survey.mesh.registry().index
    by_resource = {id(one.resource): one for one in index.services if one.resource is entry or one.resource is other}
    if len(by_resource) < 2:
        return None
    for seat in survey.seats_of(entry):
        if any(all(index.is_visible(one, name) for one in by_resource.values()) for name in seat.namespaces):
            return seat
    return None


def _winner(seat: Seat, entry: ServiceEntry, host: str, port: int) -> str:
    request = next((one.request for one in promises_of(entry) if one.host == host and one.port == port), None)
    if request is None:
        return "the older one takes what comes without a name"
    decision = seat.egress.decide(request)
    by_age = any(one.code == EQUAL_AGES for one in decision.assumptions)
    age = ", and with other ages it could be the other one" if by_age else ""
    return f"for {whom(seat)} {decision.governed_by or decision} has it{age}"


def _breadth(survey: Survey, entry: ServiceEntry, declared: Declared) -> Iterator[MeshFinding]:
    named = [port for port in entry.spec.ports if parse_protocol(port.protocol).is_http or _is_tls(port.protocol)]
    for place, host in enumerate(entry.spec.hosts):
        path = ("spec", "hosts", place)
        below = host.lower().removeprefix("*.")
        if host.startswith("*.") and below in _WIDE:
            message = f"covers every name below `.{below}`, whoever it belongs to"
            yield about("EG413", entry, message, path=path, severity=Severity.WARNING)
        elif host.startswith("*.") and named and below not in declared:
            yield about("EG413", entry, f"covers the names below `{below}`, and not `{below}` itself", path=path)
    if entry.spec.addresses and any(not parse_protocol(port.protocol).is_http for port in entry.spec.ports):
        ports = ", ".join(str(port.number) for port in entry.spec.ports)
        message = f"at its addresses only port {ports} is declared: any other is undeclared traffic"
        yield about("EG413", entry, message, path=("spec", "addresses"))
    if any(_is_tls(port.protocol) for port in entry.spec.ports):
        for rule in _wrapping(survey, entry):
            message = f"its clients speak TLS, and {rule.subject} ({rule.source()}) wraps that in TLS again"
            yield about("EG413", entry, message, path=("spec", "ports"), severity=Severity.WARNING)


def _is_tls(protocol: str) -> bool:
    return parse_protocol(protocol).is_tls


def _wrapping(survey: Survey, entry: ServiceEntry) -> Iterator[DestinationRule]:
    """Yield the rules that begin TLS for all ports of *entry*, whose clients do so themselves."""
    hosts = {host.lower() for host in entry.spec.hosts}
    only_tls = all(_is_tls(port.protocol) for port in entry.spec.ports)
    for rule in survey.mesh.resources.destination_rules if only_tls else ():
        policy = rule.spec.traffic_policy
        tls = policy.tls if policy is not None else None
        if rule.spec.host.lower() in hosts and tls is not None and tls.mode.value in _TLS:
            yield rule
