"""An entry, field by field, for a human."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from meshegress.accesslog.details import explain_details
from meshegress.accesslog.entry import AccessLogEntry
from meshegress.accesslog.flags import explain_flags
from meshegress.accesslog.formatstring import Command, known_command
from meshegress.accesslog.presets import KEYS
from meshegress.accesslog.reading.circumstances import TOLERANCES
from meshegress.accesslog.rendering import stamp_text
from meshegress.naming import (
    ALLOW_ANY_DYNAMIC_DNS_CLUSTER,
    BLACK_HOLE_CLUSTER,
    PASSTHROUGH_CLUSTER,
    ClusterName,
)


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """One field: name, operator, value as text (None where absent), and what it means here."""

    name: str
    operator: str
    value: str | None
    meaning: str


def explain_entry(entry: AccessLogEntry) -> Iterator[ExplainedField]:
    """Yield the fields of *entry* in the order of its format, or in that of its values, each with its meaning.

    >>> from meshegress.accesslog import AccessLogFormat
    >>> entry = AccessLogFormat("%RESPONSE_FLAGS% %UPSTREAM_CLUSTER%").parse("UH BlackHoleCluster")
    >>> [field.meaning for field in explain_entry(entry)][1]
    'traffic that is not allowed out ends here'
    """
    extra = entry.circumstances.extra
    names = [name for name in entry.names if name not in extra]
    for command, name in zip(_commands(entry), names, strict=True):
        value = entry[name]
        shown = None if value in (None, ()) else entry.text(name) or _value_text(value)
        yield ExplainedField(name, command.text, shown, _meaning(command, shown))
    for name, more in extra.items():
        yield ExplainedField(name, "", _value_text(more), "not a key of Istio's")
    yield from _explain_circumstances(entry)


def _explain_circumstances(entry: AccessLogEntry) -> Iterator[ExplainedField]:
    """Yield what is known of an entry beside its fields."""
    yield ExplainedField("direction", "", str(entry.direction), entry.direction.reason)
    if entry.rest is not None:
        yield ExplainedField("rest", "", entry.rest, "stands behind the record")
    if entry.unsure:
        yield ExplainedField("unsure", "", ", ".join(entry.unsure), "the readings of this line differ here")
    for name, value in entry.emitter.as_dict().items():
        yield ExplainedField(f"emitter.{name}", "", value, "from what surrounds the record")
    for tolerance in entry.tolerances:
        yield ExplainedField("tolerated", "", tolerance, TOLERANCES[tolerance])


def _commands(entry: AccessLogEntry) -> tuple[Command, ...]:
    if entry.layout is not None:
        return entry.layout.commands
    return tuple(known_command(KEYS.get(text, text)) for text in entry.operators)


def _value_text(value: object) -> str:
    if isinstance(value, datetime):
        return stamp_text(value)
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _meaning(command: Command, shown: str | None) -> str:
    name = command.operator.name
    if shown is None:
        return _ABSENT.get(name, "")
    special = _MEANINGS.get(name)
    return (special(shown) if special else "") or command.operator.note


_ABSENT = {
    "RESPONSE_FLAGS": "nothing unusual happened",
    "REQUESTED_SERVER_NAME": "no TLS inspector read a server name, or the client sent none",
    "PROTOCOL": "not HTTP: a TCP or TLS connection was passed through",
    "UPSTREAM_HOST": "no upstream was chosen or reached",
    "ROUTE_NAME": "the route has no name, or there was none",
    "UPSTREAM_CLUSTER": "no cluster was chosen",
    "UPSTREAM_CLUSTER_RAW": "no cluster was chosen",
}


def _flags(shown: str) -> str:
    return "; ".join(f"{flag.long}: {flag.meaning}" for flag in explain_flags(shown.split(",")))


def _cluster(shown: str) -> str:
    plain = shown.removesuffix(";")
    if plain in _CLUSTERS:
        return _CLUSTERS[plain]
    name = ClusterName.parse(plain.replace("_.", "|") if plain.startswith("outbound_.") else plain)
    if name is None:
        return ""
    if name.direction == "inbound":
        return f"into the workload, to its port {name.port}" + (f" for {name.host}" if name.host else "")
    if name.direction in _WAYPOINT:
        protocol, _, subset = name.subset.partition("/")
        to = f"{_WAYPOINT[name.direction]} {name.host}, port {name.port}" + (f" ({protocol})" if protocol else "")
        return to + (f", subset {subset}" if subset else "")
    subset = f", subset {name.subset}" if name.subset and name.subset != "_" else ""
    passed_on = "; a gateway passes it on by server name" if plain.startswith("outbound_.") else ""
    return f"{name.direction} to {name.host}, port {name.port}{subset}{passed_on}"


_INBOUND_PASSTHROUGH = "into the workload, to a port that no service declares, passed through as it is"
_CLUSTERS = {
    PASSTHROUGH_CLUSTER: "traffic to a destination that nobody declared, passed through as it is",
    BLACK_HOLE_CLUSTER: "traffic that is not allowed out ends here",
    ALLOW_ANY_DYNAMIC_DNS_CLUSTER: "traffic to a name that nobody declared, which the proxy resolves itself",
    **dict.fromkeys((f"InboundPassthroughCluster{family}" for family in ("", "Ipv4", "Ipv6")), _INBOUND_PASSTHROUGH),
}
_WAYPOINT = {"inbound-vip": "through a waypoint to the service", "inbound-pod": "through a waypoint to the Pod"}


def _server_name(shown: str) -> str:
    """A proxy names the cluster to the next one: ``outbound_.PORT_.SUBSET_.HOST``."""
    name = ClusterName.parse(shown.replace("_.", "|")) if shown.startswith("outbound_.") else None
    if name is None:
        return ""
    subset = f", subset {name.subset}" if name.subset not in ("", "_") else ""
    return f"another proxy's mutual TLS, for {name.host}, port {name.port}{subset}"


def _status(shown: str) -> str:
    return "no status: not HTTP, or it ended before a response" if shown == "0" else ""


_MEANINGS: dict[str, Callable[[str], str]] = {
    "RESPONSE_FLAGS": _flags,
    "RESPONSE_FLAGS_LONG": _flags,
    "RESPONSE_CODE": _status,
    "RESPONSE_CODE_DETAILS": lambda shown: explain_details(shown) or "",
    "REQUESTED_SERVER_NAME": _server_name,
    "UPSTREAM_CLUSTER": _cluster,
    "UPSTREAM_CLUSTER_RAW": _cluster,
}
