"""What the API server asks beside the webhook: the schema and the CEL rules of the ServiceEntry and Sidecar CRDs.

They look at what is written, so presence counts: an empty list is a list.
"""

from __future__ import annotations

import re

from meshegress.profiles import Profile
from meshegress.resources import Message, Resource, ServiceEntry, Sidecar, WorkloadEntry
from meshegress.resources._message import wire_name
from meshegress.resources.service_entry import Resolution, ServicePort
from meshegress.resources.shape import shown
from meshegress.resources.sidecar import WorkloadSelector
from meshegress.resources.workload_entry import WorkloadEntrySpec
from meshegress.rules.problem import Path, Problem, Problems, Rule
from meshegress.rules.workload_entry import UNIX

_PORT_KEY = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?", re.ASCII)


def is_written(message: Message, field: str) -> bool:
    """Tell whether *field* was given at all, whatever its value."""
    return field in message.model_fields_set


def _limit(path: Path, size: int, most: int, what: str) -> Problems:
    if size > most:
        yield Problem(path, f"there are {size} {what}, and {most} at most")


def _length(path: Path, text: str, most: int) -> Problems:
    if len(text) > most:
        yield Problem(path, f"the text is longer than {most} characters")


def _ask_hosts(entry: ServiceEntry, profile: Profile) -> Problems:
    path = ("spec", "hosts")
    yield from _limit(path, len(entry.spec.hosts), 256, "hosts")
    yield from _limit(("spec", "addresses"), len(entry.spec.addresses), 256, "addresses")
    for index, address in enumerate(entry.spec.addresses):
        yield from _length(("spec", "addresses", index), address, 64)


def _ask_ports(entry: ServiceEntry, profile: Profile) -> Problems:
    yield from _limit(("spec", "ports"), len(entry.spec.ports), 256, "ports")
    for index, port in enumerate(entry.spec.ports):
        yield from _port_problems(port, ("spec", "ports", index))


def _port_problems(port: ServicePort, path: Path) -> Problems:
    for field in ("number", "name"):
        if not is_written(port, field):
            yield Problem((*path, field), f"the {field} is missing")
    yield from _length((*path, "name"), port.name, 256)
    yield from _length((*path, "protocol"), port.protocol, 256)
    if is_written(port, "target_port") and not 1 <= port.target_port <= 65535:
        yield Problem((*path, "targetPort"), f"port `{port.target_port}` is not in 1 to 65535", "leave it out")


def _ask_endpoints(entry: ServiceEntry, profile: Profile) -> Problems:
    spec = entry.spec
    path = ("spec", "endpoints")
    given = is_written(spec, "endpoints")
    yield from _limit(path, len(spec.endpoints), 4096, "endpoints")
    if given and spec.workload_selector is not None:
        yield Problem(path, "a workloadSelector and endpoints exclude each other, even empty ones", "keep one")
    if given and spec.resolution is Resolution.NONE:
        yield Problem(path, "resolution NONE has no endpoints, not even an empty list", "remove `endpoints`")
    for index, endpoint in enumerate(spec.endpoints):
        yield from endpoint_problems(endpoint, (*path, index))


def endpoint_problems(endpoint: WorkloadEntrySpec, path: Path) -> Problems:
    """Judge one endpoint by the schema."""
    if not is_written(endpoint, "address") and not is_written(endpoint, "network"):
        yield Problem((*path, "address"), "the address is missing", "write an address, or a network")
    for field, most in (("address", 256), ("network", 2048), ("locality", 2048), ("service_account", 253)):
        yield from _length((*path, wire_name(field)), getattr(endpoint, field), most)
    if endpoint.address.startswith(UNIX):
        yield from _unix_problems(endpoint, path)
    yield from _limit((*path, "ports"), len(endpoint.ports), 128, "ports")
    yield from _limit((*path, "labels"), len(endpoint.labels), 256, "labels")
    for name, number in endpoint.ports.items():
        if len(name) > 62 or not _PORT_KEY.fullmatch(name):
            yield Problem((*path, "ports", name), f"{shown(name)} is not a name of a port")
        if not 1 <= number <= 65535:
            yield Problem((*path, "ports", name), f"port `{number}` is not in 1 to 65535")


def _unix_problems(endpoint: WorkloadEntrySpec, path: Path) -> Problems:
    socket = endpoint.address.removeprefix(UNIX)
    if not socket.startswith(("/", "@")) or socket.endswith("/"):
        yield Problem(
            (*path, "address"), f"{shown(endpoint.address)} is not a socket", "write an absolute path, or `@name`"
        )
    if is_written(endpoint, "ports"):
        yield Problem((*path, "ports"), "a unix socket has no ports, not even an empty mapping", "remove `ports`")


def ask_selector(resource: ServiceEntry | Sidecar, profile: Profile) -> Problems:
    """Judge the labels of a workloadSelector by the schema, which looks at values only."""
    selector: WorkloadSelector | None = resource.spec.workload_selector
    if selector is None:
        return
    path = ("spec", "workloadSelector", "labels")
    yield from _limit(path, len(selector.labels), 256, "labels")
    for key, value in selector.labels.items():
        yield from _length((*path, key), value, 63)
        if "*" in value:
            yield Problem((*path, key), f"{shown(value)} has a `*`", "selectors have no wildcards")


def _ask_workload(entry: WorkloadEntry, profile: Profile) -> Problems:
    yield from endpoint_problems(entry.spec, ("spec",))


SERVICE_ENTRY_RULES = (
    Rule("EG282", _ask_hosts),
    Rule("EG283", _ask_ports),
    Rule("EG284", _ask_endpoints),
    Rule("EG285", ask_selector),
)
SIDECAR_RULES = (Rule("EG285", ask_selector),)
WORKLOAD_ENTRY_RULES = (Rule("EG284", _ask_workload),)

RULES: dict[type[Resource], tuple[Rule, ...]] = {
    ServiceEntry: SERVICE_ENTRY_RULES,
    Sidecar: SIDECAR_RULES,
    WorkloadEntry: WORKLOAD_ENTRY_RULES,
}
