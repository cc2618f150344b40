"""Fields that came with a release: an older Istio does not know them, so it does not mind what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from meshegress.resources._message import Message

Path = tuple[str | int, ...]

SINCE: dict[tuple[str, str], str] = {
    ("HTTPRetry", "backoff"): "1.26",
    ("HTTPRetry", "retry_ignore_previous_hosts"): "1.26",
    ("ServerTLSSettings", "credential_names"): "1.26",
    ("ServerTLSSettings", "tls_certificates"): "1.26",
    ("ServerTLSSettings", "ca_cert_credential_name"): "1.28",
    ("HTTPCookie", "attributes"): "1.28",
    ("MeshConfig", "service_scope_configs"): "1.28",
    ("TrafficPolicy", "retry_budget"): "1.28",
    ("MeshConfig", "hbone_idle_timeout"): "1.29",
    ("MeshOutboundTrafficPolicy", "tls"): "1.30",
    ("RetryBudget", "budget_interval"): "1.31",
    ("HTTPSettings", "http2_keep_alive"): "1.31",
    ("HTTPRedirect", "prefix_rewrite"): "1.31",
    ("LoadBalancerSettings", "zone_aware_lb_setting"): "1.31",
    ("MeshConfig", "default_traffic_policy"): "1.31",
    ("MeshConfig", "service_entry_visibility"): "1.31",
    ("MeshConfig", "zone_aware_lb_setting"): "1.31",
    ("OutlierDetection", "outlier_detection_http_error_codes"): "1.31",
    ("ServerTLSSettings", "insecure_skip_verify"): "1.31",
}
"""The release in which the API got a field, by message; what is not named is older than every release recorded."""


def without_newer(model: type[Message], value: Any, release: str, path: Path = ()) -> tuple[Any, list[Path]]:
    """Return *value* of *model* as Istio *release* reads it, and the paths of what is not read.

    >>> from meshegress.resources.virtual_service import HTTPRedirect
    >>> without_newer(HTTPRedirect, {"uri": "/", "prefixRewrite": 1}, "1.30")
    ({'uri': '/'}, [('prefixRewrite',)])
    """
    if isinstance(value, (list, tuple)):
        pairs = [without_newer(model, item, release, (*path, index)) for index, item in enumerate(value)]
        return [kept for kept, _ in pairs], [each for _, dropped in pairs for each in dropped]
    if not isinstance(value, Mapping):
        return value, []
    fields = wire_fields(model)
    kept: dict[str, Any] = {}
    dropped: list[Path] = []
    for key, item in value.items():
        name, types = fields.get(key, ("", ()))
        if _number(SINCE.get((model.__name__, name), "0")) > _number(release):
            dropped.append((*path, key))
            continue
        kept[key] = item
        for inner in (kind for kind in types if issubclass(kind, Message)):
            kept[key], below = without_newer(inner, kept[key], release, (*path, key))
            dropped += below
    return kept, dropped


@cache
def wire_fields(model: type[Message]) -> dict[str, tuple[str, tuple[type, ...]]]:
    """Return the name in Python and the types of each field of *model*, by both names that the wire takes."""
    found: dict[str, tuple[str, tuple[type, ...]]] = {}
    for name, field in model.model_fields.items():
        entry = (name, tuple(_types(field.annotation)))
        found |= {name: entry, field.alias or name: entry}
    return found


def _types(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _types(part)


def _number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
