"""A request as a mapping, such as JSON has it: the arguments that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def given_fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a Request that *value*, with the keys of ``as_dict``, describes.

    Raises KeyError, TypeError, ValueError or AttributeError where it describes none.
    """
    alpn = value.get("alpn") or ()
    payload = value.get("payload_hex")
    headers = value.get("headers") or ()
    is_mutual = value.get("tls") == "mtls"
    if isinstance(alpn, str):
        alpn = alpn.split(",")
    return {
        "address": value.get("address"),
        "port": value["port"],
        "protocol": value.get("protocol", "raw"),
        "is_tls": bool(value.get("tls")),
        "sni": value.get("sni"),
        "alpn": tuple(alpn),
        "host": value.get("host"),
        "method": value.get("method", "GET"),
        "path": value.get("path", "/"),
        "headers": tuple(headers.items() if isinstance(headers, Mapping) else ((n, v) for n, v in headers)),
        "payload": None if payload is None else bytes.fromhex(payload),
        "is_mutual": is_mutual,
    }
