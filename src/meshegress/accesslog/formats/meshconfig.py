"""The formats that a mesh writes its access logs in: its own, and those of the providers that are in use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from meshegress.accesslog.logformat import AccessLogFormat
from meshegress.errors import LogFormatError

#: The formatter extensions that Istio configures where a format names their operator.
ISTIO_FORMATTERS = ("envoy.formatter.req_without_query",)
#: Istio's provider of that name writes the mesh's own format to standard output.
_BUILT_IN = "envoy"
_KINDS_OF_PROVIDER = ("envoyFileAccessLog", "envoyOtelAls")


def mesh_formats(
    mesh: Mapping[str, object], telemetries: Iterable[Mapping[str, object]] = ()
) -> tuple[AccessLogFormat, ...]:
    """Return the formats of *mesh*, a MeshConfig, under *telemetries*, the specs of Telemetry resources.

    The providers are those that a Telemetry names, else those of ``defaultProviders.accessLogging``; without either,
    and for the provider ``envoy``, it is the mesh's own format.

    Raises LogFormatError where a provider that is named is not declared, or a format is not one.

    >>> [log.kind for log in mesh_formats({"accessLogEncoding": "JSON"})]
    ['json']
    """
    names = list(dict.fromkeys(_named(telemetries))) or _default_names(mesh)
    found = [_of_provider(name, mesh) for name in names] or [_own(mesh)]
    return tuple(dict.fromkeys(found))


def _named(telemetries: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for telemetry in telemetries:
        for logging in _mappings(telemetry.get("accessLogging")):
            if logging.get("disabled") is not True:
                yield from (str(provider.get("name")) for provider in _mappings(logging.get("providers")))


def _default_names(mesh: Mapping[str, object]) -> list[str]:
    defaults = mesh.get("defaultProviders")
    names = defaults.get("accessLogging") if isinstance(defaults, Mapping) else None
    return [str(name) for name in names] if isinstance(names, list | tuple) else []


def _of_provider(name: str, mesh: Mapping[str, object]) -> AccessLogFormat:
    declared = {str(provider.get("name")): provider for provider in _mappings(mesh.get("extensionProviders"))}
    if name not in declared:
        if name == _BUILT_IN:
            return _own(mesh)
        raise LogFormatError(name, 0, len(name), f"no extensionProvider has this name; there are {', '.join(declared)}")
    for kind in _KINDS_OF_PROVIDER:
        settings = declared[name].get(kind)
        if isinstance(settings, Mapping):
            return _of_settings(settings, mesh)
    raise LogFormatError(name, 0, len(name), f"this provider is none of {', '.join(_KINDS_OF_PROVIDER)}")


def _of_settings(settings: Mapping[str, object], mesh: Mapping[str, object]) -> AccessLogFormat:
    omit = settings.get("omitEmptyValues") is True
    given = settings.get("logFormat")
    shown = given if isinstance(given, Mapping) else {}
    labels, text = shown.get("labels"), shown.get("text")
    if isinstance(labels, Mapping):
        return AccessLogFormat.json(labels, omit_empty_values=omit, formatters=ISTIO_FORMATTERS)
    if isinstance(text, str) and text:
        return _text(text, omit_empty_values=omit)
    return _own(mesh)


def _own(mesh: Mapping[str, object]) -> AccessLogFormat:
    text, is_json = mesh.get("accessLogFormat"), mesh.get("accessLogEncoding") == "JSON"
    if not isinstance(text, str) or not text:
        return AccessLogFormat.preset("istio-json" if is_json else "istio-text")
    if not is_json:
        return _text(text)
    try:
        mapping = json.loads(text)
    except ValueError as error:
        reason = f"with encoding JSON the format is a JSON object, else istiod takes its default: {error}"
        raise LogFormatError(text, 0, len(text), reason) from None
    return AccessLogFormat.json(mapping, formatters=ISTIO_FORMATTERS)


def _text(text: str, *, omit_empty_values: bool = False) -> AccessLogFormat:
    whole = text if text.endswith("\n") else f"{text}\n"
    return AccessLogFormat(whole, omit_empty_values=omit_empty_values, formatters=ISTIO_FORMATTERS)


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []
