"""The request behind an entry, as far as a log can tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshegress.accesslog.addresses import split_address
from meshegress.accesslog.values import Shown
from meshegress.errors import RequestError
from meshegress.request import Request, WireProtocol

_PROTOCOLS = {"HTTP/1.0": WireProtocol.HTTP10, "HTTP/1.1": WireProtocol.HTTP, "HTTP/2": WireProtocol.HTTP2}
Read = Callable[[str], object]


def logged_request(read: Read, operators: Mapping[str, object]) -> Request:
    """Return the request of the entry whose fields *read* gives.

    Raises RequestError where the entry does not tell the original destination.
    """
    address, port = _destination(read)
    if read("method") is not None or read("protocol") is not None:
        return Request.http(
            _text(read("authority")),
            _text(read("path")) or "/",
            method=_text(read("method")) or "GET",
            headers=_headers(operators),
            address=address,
            port=port,
            protocol=_PROTOCOLS.get(str(read("protocol")), WireProtocol.HTTP),
        )
    server_name = _text(read("requested_server_name"))
    if server_name is not None:
        return Request.tls(server_name, address=address, port=port)
    return Request.tcp(address, port)


def request_doubts(read: Read) -> tuple[str, ...]:
    """Return what the log cannot tell of the request, a sentence for each doubt."""
    doubts = []
    if read("method") is not None or read("protocol") is not None:
        doubts.append("only the headers that the format names are known")
        if read("method") is None:
            doubts.append("the request could not be read by the proxy, so its method, path and authority are unknown")
        if read("path") is not None:
            doubts.append("the path may be that of the header x-envoy-original-path, which a client can send")
        return tuple(doubts)
    if read("requested_server_name") is None:
        doubts.append("without a TLS inspector the log shows no server name: this may be TLS, or any other bytes")
    else:
        doubts.append("the application protocols of the ClientHello are not logged")
    return tuple(doubts)


def _destination(read: Read) -> tuple[str, int]:
    for name in ("downstream_local_address", "upstream_host"):
        value = read(name)
        found = split_address(value) if isinstance(value, str) else None
        if found is not None:
            return str(found[0]), found[1]
    raise RequestError(read("downstream_local_address"), "the entry does not tell the original destination")


def _headers(operators: Mapping[str, object]) -> list[tuple[str, str]]:
    found = []
    for text, shown in operators.items():
        value = shown.value if isinstance(shown, Shown) else shown
        if text.startswith("REQ(") and text.endswith(")") and isinstance(value, str):
            name = text[4:-1].lower()
            if not name.startswith(":") and "?" not in name and name:
                found.append((name, value))
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
