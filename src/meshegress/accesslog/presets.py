"""The formats that Istio and Envoy write when nobody says otherwise, by name.

Text and JSON hold the same operators. Before Mixer left there was a field for its status; 1.9 brought the two details;
today's names the raw cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_REQUEST = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS%'
)
_DETAILS = "%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%"
_MIXER = '"%DYNAMIC_METADATA(istio.mixer:status)%"'
_FAILURE = '"%UPSTREAM_TRANSPORT_FAILURE_REASON%"'
_TRAFFIC = (
    "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
    '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"'
)
_ADDRESSES = "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME%"

_KUMA_NAMES = (
    '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%KUMA_SOURCE_SERVICE%" "%KUMA_DESTINATION_SERVICE%" '
    '"%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%" "%UPSTREAM_HOST%"'
)


def _text(*parts: str) -> str:
    return " ".join(parts) + "\n"


#: The operators of the JSON presets, by Istio's keys; the fields of an entry have the same names.
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "start_time": "START_TIME",
        "route_name": "ROUTE_NAME",
        "method": "REQ(:METHOD)",
        "path": "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)",
        "protocol": "PROTOCOL",
        "response_code": "RESPONSE_CODE",
        "response_flags": "RESPONSE_FLAGS",
        "response_code_details": "RESPONSE_CODE_DETAILS",
        "connection_termination_details": "CONNECTION_TERMINATION_DETAILS",
        "istio_policy_status": "DYNAMIC_METADATA(istio.mixer:status)",
        "bytes_received": "BYTES_RECEIVED",
        "bytes_sent": "BYTES_SENT",
        "duration": "DURATION",
        "upstream_service_time": "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)",
        "x_forwarded_for": "REQ(X-FORWARDED-FOR)",
        "user_agent": "REQ(USER-AGENT)",
        "request_id": "REQ(X-REQUEST-ID)",
        "authority": "REQ(:AUTHORITY)",
        "upstream_host": "UPSTREAM_HOST",
        "upstream_cluster": "UPSTREAM_CLUSTER",
        "upstream_local_address": "UPSTREAM_LOCAL_ADDRESS",
        "downstream_local_address": "DOWNSTREAM_LOCAL_ADDRESS",
        "downstream_remote_address": "DOWNSTREAM_REMOTE_ADDRESS",
        "requested_server_name": "REQUESTED_SERVER_NAME",
        "upstream_transport_failure_reason": "UPSTREAM_TRANSPORT_FAILURE_REASON",
    }
)
# Envoy Gateway's JSON has the names of the headers for keys.
_GATEWAYS_OWN = {
    "path": "x-envoy-origin-path",
    "upstream_service_time": "x-envoy-upstream-service-time",
    "x_forwarded_for": "x-forwarded-for",
    "user_agent": "user-agent",
    "request_id": "x-request-id",
    "authority": ":authority",
}
#: The operators of Envoy Gateway's JSON format, by its keys.
ENVOY_GATEWAY_KEYS: Mapping[str, str] = MappingProxyType(
    {_GATEWAYS_OWN.get(key, key): text for key, text in KEYS.items() if key != "istio_policy_status"}
)
_MIXER_KEYS = frozenset({"istio_policy_status"})
_DETAILS_KEYS = frozenset({"response_code_details", "connection_termination_details"})


def _json(without: frozenset[str], **changed: str) -> Mapping[str, str]:
    operators = {**KEYS, **changed}
    return MappingProxyType({key: f"%{operators[key]}%" for key in KEYS if key not in without})


TEXT_PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "istio-text": _text(
            *(_REQUEST, _DETAILS, _FAILURE, _TRAFFIC, "%UPSTREAM_CLUSTER_RAW%", _ADDRESSES, "%ROUTE_NAME%")
        ),
        "istio-1.9-text": _text(
            *(_REQUEST, _DETAILS, _FAILURE, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES, "%ROUTE_NAME%")
        ),
        "istio-1.8-text": _text(_REQUEST, _FAILURE, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES, "%ROUTE_NAME%"),
        "istio-1.5-text": _text(_REQUEST, _MIXER, _FAILURE, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES, "%ROUTE_NAME%"),
        "istio-1.2-text": _text(_REQUEST, _MIXER, _FAILURE, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES),
        "istio-1.1-mixer-text": _text(_REQUEST, _MIXER, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES),
        "istio-1.1-text": _text(_REQUEST, _TRAFFIC, "%UPSTREAM_CLUSTER%", _ADDRESSES),
        "envoy-default": _text(_REQUEST, _TRAFFIC),
        "emissary": _text(f"ACCESS {_REQUEST}", _TRAFFIC),
        "kuma-http": _text(
            *("[%START_TIME%] %KUMA_MESH%", _REQUEST.partition(" ")[2]),
            "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
            *('"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-B3-TRACEID?X-DATADOG-TRACEID)%"', _KUMA_NAMES),
        ),
        "kuma-1-http": _text(
            *("[%START_TIME%] %KUMA_MESH%", _REQUEST.partition(" ")[2]),
            "%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
            *('"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"', _KUMA_NAMES),
        ),
        "kuma-tcp": (
            "[%START_TIME%] %RESPONSE_FLAGS% %KUMA_MESH% "
            "%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%(%KUMA_SOURCE_SERVICE%)->%UPSTREAM_HOST%(%KUMA_DESTINATION_SERVICE%) "
            "took %DURATION%ms, sent %BYTES_SENT% bytes, received: %BYTES_RECEIVED% bytes\n"
        ),
    }
)

#: A line of the second may be one of the first, too, since quoted fields may hold quotes: the second goes first.
NARROWER: Mapping[str, str] = MappingProxyType({"istio-1.1-mixer-text": "istio-1.2-text", "kuma-1-http": "kuma-http"})

JSON_PRESETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "istio-json": _json(_MIXER_KEYS, upstream_cluster="UPSTREAM_CLUSTER_RAW"),
        "istio-1.9-json": _json(_MIXER_KEYS),
        "istio-1.8-json": _json(_MIXER_KEYS | _DETAILS_KEYS),
        "istio-1.5-json": _json(_DETAILS_KEYS),
        "istio-1.2-json": _json(_DETAILS_KEYS | {"route_name"}),
        "envoy-gateway-json": MappingProxyType({key: f"%{text}%" for key, text in ENVOY_GATEWAY_KEYS.items()}),
    }
)
