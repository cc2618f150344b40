"""What a ServiceEntry does to others, and whether it does what it declares."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from meshegress._match import host_subset_of
from meshegress.analysis.answers import Effect
from meshegress.analysis.cells import Cell
from meshegress.analysis.changes import Change
from meshegress.analysis.difference import Difference
from meshegress.analysis.lint.finding import MeshFinding
from meshegress.analysis.lint.promises import Kept, Promise, ask, promises_of
from meshegress.analysis.lint.survey import Seat, Survey, identity_of
from meshegress.analysis.lint.suspects import Suspects
from meshegress.analysis.lint.telling import about, of_change, of_request, told, whom, why_not
from meshegress.compiler.model.protocols import parse_protocol
from meshegress.decision import Decision, Outcome
from meshegress.decision.assumptions import EQUAL_AGES
from meshegress.decision.reasons import ReasonCode
from meshegress.naming import ClusterName
from meshegress.request import Request
from meshegress.resources import ServiceEntry
from meshegress.wire.addressing import canonical_address

#: Where the server speaks first: FTP, SSH, SMTP, POP3, IMAP, MySQL, and their kin.
SERVER_FIRST = frozenset({21, 22, 25, 110, 143, 465, 587, 993, 995, 2525, 3306, 3307, 5672, 33060})
_NOT_MERGED = frozenset({ReasonCode.NOT_MERGED, ReasonCode.SERVICE_HOLDS_HOST})
_BROKEN = frozenset({Outcome.NO_CLUSTER, Outcome.NO_ENDPOINTS, Outcome.NO_ROUTE})
_MISSING = {
    Outcome.NO_CLUSTER: "a cluster that does not exist",
    Outcome.NO_ENDPOINTS: "a cluster without endpoints",
    Outcome.NO_ROUTE: "no route",
}


def examine_entry(survey: Survey, entry: ServiceEntry, suspects: Suspects) -> Iterator[MeshFinding]:
    """Yield what is wrong with *entry*."""
    seats = survey.seats_of(entry)
    broken = [row for row in _asked(seats, entry) if row[1].is_odd or row[2] is not Kept.KEPT]
    if not (broken or is_suspect(survey, entry, suspects)):
        return
    differences = [(seat, survey.left_out(entry, seat)) for seat in seats]
    if not any(difference for _, difference in differences):
        if not _falls_with_its_listener(seats, entry) and _is_dead(survey, entry, suspects):
            yield _dead(survey, entry, seats)
        return
    own = Own(entry)
    seen: set[str] = set()
    for seat, difference in differences:
        for one in _of_difference(survey, entry, seat, difference, own):
            if one.code not in seen:
                yield one
        seen |= {"EG401", "EG406", "EG408", "EG409", "EG410"} if difference else set()
    yield from _of_promises(survey, entry, broken)


def is_suspect(survey: Survey, entry: ServiceEntry, suspects: Suspects) -> bool:
    """Return whether *entry* has to be left out to know what it does."""
    return (
        suspects.is_entangled(entry)
        or not survey.has_part(entry)
        or suspects.is_alone_on_a_port(entry)
        or suspects.is_under_a_wildcard(entry)
    )


class Own:
    """The hosts and addresses of an entry: what it may take."""

    def __init__(self, entry: ServiceEntry) -> None:
        self._hosts = [host.lower() for host in entry.spec.hosts]
        addresses = {*entry.spec.addresses, *(one.value for one in entry.status.addresses)}
        self._addresses = {canonical_address(one) or one for one in addresses}
        self._about = identity_of(entry)

    def has(self, cell: Cell) -> bool:
        """Return whether the requests of *cell* are the entry's own, by their name or by their address."""
        scope = cell.scope
        name = scope.names.show(scope.name) if scope.names is not None else "every"
        if not name.startswith("every") and self._covers(name):
            return True
        place = scope.place if isinstance(scope.place, str) else scope.places.show(scope.place)
        return place in self._addresses

    def _covers(self, name: str) -> bool:
        bare = name.lower().rstrip(".").partition(":")[0]
        return bare in self._addresses or any(host_subset_of(bare, host) for host in self._hosts)

    def governs(self, decision: Decision) -> bool:
        """Return whether the entry decided."""
        return decision.governed_by is not None and identity_of(decision.governed_by) == self._about


def _asked(seats: Sequence[Seat], entry: ServiceEntry) -> Iterator[tuple[Seat, Promise, Kept, Decision]]:
    for seat in seats[:1]:
        for promise in promises_of(entry):
            decision = ask(seat, promise)
            yield seat, promise, promise.kept(decision), decision


def _of_difference(
    survey: Survey, entry: ServiceEntry, seat: Seat, difference: Difference, own: Own
) -> Iterator[MeshFinding]:
    foreign = [one for one in difference.changes if not all(own.has(cell) for cell in one.members)]
    taken = [one for one in foreign if own.governs(one.after) and not one.is_minor]
    if taken:
        yield _hijack(survey, entry, seat, taken)
    yield from _waits(entry, seat, difference)
    if seat.egress.rejected:
        yield from _refused(survey, entry, seat, difference)
    for change in difference.changes:
        if change not in taken and not change.is_minor:
            yield from _overlap(entry, seat, change, own)
    yield from _orders(entry, seat, difference)


def _hijack(survey: Survey, entry: ServiceEntry, seat: Seat, taken: Sequence[Change]) -> MeshFinding:
    ports = {port for change in taken for port in change.ports.numbers}
    victims = list(dict.fromkeys((*_beaten(taken), *_losers(survey, entry, seat, ports), *_undeclared(taken))))
    sentences = told((change.sentence for change in taken), 2)
    message = f"takes what it does not declare: {sentences}. For {whom(seat)} the victims are {told(victims, 6)}"
    path = ("spec", "ports", _place_of(entry, ports))
    return of_change("EG401", entry, message, taken[0], seat, path=path, victims=tuple(victims))


def _beaten(taken: Sequence[Change]) -> Iterator[str]:
    """Yield the hosts to which other resources would send what is taken."""
    for change in taken:
        loser = change.before.governed_by
        lost = ClusterName.parse(change.before.cluster) if change.before.cluster else None
        if loser is not None and lost is not None:
            yield f"`{lost.host}` of {loser}"


def _losers(survey: Survey, entry: ServiceEntry, seat: Seat, ports: Collection[int] | None) -> Iterator[str]:
    """Yield the hosts of other entries whose clients are answered otherwise, on *ports* or on all."""
    without = survey.without(entry).egress(seat.workloads[0])
    others = (other for other in survey.mesh.resources.service_entries if identity_of(other) != identity_of(entry))
    for other in others:
        for promise in promises_of(other):
            if ports is not None and promise.port not in ports:
                continue
            nameless = Request.tls(None, port=promise.port, address=promise.request.address)
            if without.decide(promise.request) != seat.egress.decide(promise.request):
                yield f"`{promise.host}` of {other.subject}"
            elif promise.request.is_tls and without.decide(nameless) != seat.egress.decide(nameless):
                yield f"connections to `{promise.host}` of {other.subject} that show no server name"


def _undeclared(taken: Sequence[Change]) -> Iterator[str]:
    for change in taken:
        if change.before.governed_by is None or ClusterName.parse(change.before.cluster or "") is None:
            yield f"{str(change.names) or change.first_bytes} on {change.ports} ({change.before} without it)"


def _place_of(entry: ServiceEntry, ports: set[int]) -> int:
    rows = enumerate(entry.spec.ports)
    return next((place for place, port in rows if port.number in ports), 0)


def _waits(entry: ServiceEntry, seat: Seat, difference: Difference) -> Iterator[MeshFinding]:
    for change in difference.changes:
        ports = sorted(SERVER_FIRST & set(change.ports.numbers))
        if change.effect is Effect.HANGS and ports:
            message = f"on port {ports[0]}, where servers speak first, the sidecar now waits for the client"
            yield of_change("EG408", entry, message, change, seat)
            return


def _refused(survey: Survey, entry: ServiceEntry, seat: Seat, difference: Difference) -> Iterator[MeshFinding]:
    without = survey.without(entry).egress(seat.workloads[0])
    for refused in seat.egress.rejected:
        if refused in without.rejected:
            continue
        lost = next((one for one in difference.changes if not one.is_minor), None)
        victims = tuple(dict.fromkeys(_losers(survey, entry, seat, None)))
        fails = f"; with it fails {told(victims, 6)}" if victims else ""
        message = f"Envoy refuses the {refused.kind} `{refused.name}` because of it: {refused.reason}{fails}"
        if lost is None:
            yield about("EG409", entry, message, seat=seat, victims=victims)
        else:
            yield of_change("EG409", entry, message, lost, seat, victims=victims)


def _overlap(entry: ServiceEntry, seat: Seat, change: Change, own: Own) -> Iterator[MeshFinding]:
    loser = change.before.governed_by
    is_other = loser is not None and loser.kind != "MeshConfig" and not own.governs(change.before)
    if is_other and own.governs(change.after) and change.before.allowed and change.after.allowed:
        message = f"takes {str(change.names) or change.sentence} from {loser}"
        yield of_change("EG406", entry, message, change, seat, victims=(str(loser),))


def _orders(entry: ServiceEntry, seat: Seat, difference: Difference) -> Iterator[MeshFinding]:
    for change in difference.changes:
        tied = [one for one in change.after.assumptions if one.code == EQUAL_AGES and one.candidates]
        if tied and not change.is_minor:
            answers = " or ".join(dict.fromkeys(str(one) for one in change.after.candidates))
            message = f"{tied[0].reason}: {change.sentence} goes to {answers}"
            yield of_change("EG410", entry, message, change, seat)
            return


def _of_promises(
    survey: Survey, entry: ServiceEntry, broken: Sequence[tuple[Seat, Promise, Kept, Decision]]
) -> Iterator[MeshFinding]:
    seen: set[tuple[str, int]] = set()
    for seat, promise, kept, decision in broken:
        reasons = seat.egress.reasons(promise.request)
        code = _code_of(promise, kept, {reason.code for reason in reasons})
        if code is None or (code, promise.place) in seen or (code == "EG407" and _originates_tls(survey, promise)):
            continue
        seen.add((code, promise.place))
        path = ("spec", "ports", promise.place)
        message = _broken_text(promise, decision, str(reasons[0]) if reasons else "")
        yield of_request(code, entry, message, promise.request, seat, survey, path=path)


def _code_of(promise: Promise, kept: Kept, reasons: Collection[ReasonCode]) -> str | None:
    if kept is Kept.BROKEN:
        return "EG404" if _NOT_MERGED & set(reasons) else "EG403"
    return "EG407" if promise.is_odd and kept is Kept.ELSEWHERE else None


def _broken_text(promise: Promise, decision: Decision, reason: str) -> str:
    if promise.is_odd and decision.outcome not in _BROKEN:
        return (
            f"port {promise.port} is declared as {promise.declared.value}, and its clients speak TLS, which it misses"
        )
    missing = _MISSING.get(decision.outcome, "a cluster that cannot take it")
    where = f" `{decision.cluster}`" if decision.cluster else ""
    why = f": {reason}" if reason else ""
    return f"what asks for `{promise.host}` on port {promise.port} ends in {missing}{where}{why}"


def _originates_tls(survey: Survey, promise: Promise) -> bool:
    """Return whether a DestinationRule wraps in TLS what clients send to the port in the clear."""
    rules = survey.mesh.resources.destination_rules
    policies = (rule.spec.traffic_policy for rule in rules if rule.spec.host.lower() == promise.host.lower())
    return any(
        tls is not None and tls.mode.value in ("SIMPLE", "MUTUAL", "ISTIO_MUTUAL")
        for policy in policies
        if policy is not None
        for tls in (policy.tls, *(one.tls for one in policy.port_level_settings))
    )


def _is_dead(survey: Survey, entry: ServiceEntry, suspects: Suspects) -> bool:
    """Return whether no workload at all would notice; endpoints that it gives to another entry's host count."""
    gives = bool(entry.spec.endpoints) or entry.spec.workload_selector is not None
    shares = any(other.namespace == entry.namespace for other in _of_same_hosts(survey, entry))
    if (gives and shares) or not suspects.services_of(entry):
        return False
    return not any(survey.left_out(entry, seat) for seat in survey.seats)


def _falls_with_its_listener(seats: Sequence[Seat], entry: ServiceEntry) -> bool:
    """Return whether Envoy refuses what would hold *entry*: that is told of the resource that it is refused for."""
    names = {refused.name.rpartition("_")[2] for seat in seats for refused in seat.egress.rejected}
    return any(str(port.number) in names for port in entry.spec.ports)


def _of_same_hosts(survey: Survey, entry: ServiceEntry) -> Iterator[ServiceEntry]:
    """Yield the other entries that declare one of the hosts of *entry*."""
    hosts = set(entry.spec.hosts)
    for other in survey.mesh.resources.service_entries:
        if identity_of(other) != identity_of(entry) and not hosts.isdisjoint(other.spec.hosts):
            yield other


def _dead(survey: Survey, entry: ServiceEntry, seats: Sequence[Seat]) -> MeshFinding:
    own = [(seat, promise) for seat in seats for promise in promises_of(entry)]
    why = next((text for seat, one in own if (text := why_not(seat, entry, one.request))), "")
    if not why and seats and all(parse_protocol(port.protocol).is_tcp for port in entry.spec.ports):
        why = _taken_by(entry, seats[0])
    twin = next(iter(_of_same_hosts(survey, entry)), None)
    if not why and twin is not None:
        why = f"has a host that {twin.subject} ({twin.source()}) declares too; each may be dead only beside the other"
    return about("EG402", entry, f"changes nothing for anybody{f': it {why}' if why else ''}")


def _taken_by(entry: ServiceEntry, seat: Seat) -> str:
    """Return who has the port that *entry* shares with other entries of bytes without an address."""
    for port in entry.spec.ports:
        decision = seat.egress.decide(Request.tcp("203.0.113.1", port.number))
        governor = decision.governed_by
        if governor is not None and governor.kind == "ServiceEntry":
            return f"shares port {port.number} with {governor}, which has it"
    return ""
