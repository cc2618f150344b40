"""The request behind an entry, as far as a log can tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshegress.accesslog.addresses import split_address
from meshegress.accesslog.values import Shown
from meshegress.errors import RequestError
from meshegress.request import Request, WireProtocol

_PROTOCOLS = {"HTTP/1.0": WireProtocol.HTTP10, "HTTP/1.1": WireProtocol.HTTP, "HTTP/2": WireProtocol.HTTP2}
Read = Callable[[str], object]


#: The fields that a request is made of.
REQUEST_FIELDS = ("downstream_local_address", "method", "path", "protocol", "authority", "requested_server_name")


def no_request(read: Read, has: Callable[[str], bool]) -> str | None:
    """Return why the entry whose fields *read* gives is not a request; None where it is one.

    A field that the format does not have (*has* says so) is another matter: see ``request_doubts``.
    """
    if not _is_http(read):
        return None
    lacking = [name for name in ("method", "path") if has(name) and _text(read(name)) is None]
    return f"{' and '.join(lacking)} of this HTTP request are not known to the proxy" if lacking else None


def logged_request(read: Read, operators: Mapping[str, object]) -> Request:
    """Return the request of the entry whose fields *read* gives.

    Raises RequestError where the entry does not tell the original destination.
    """
    authority, server_name = _text(read("authority")), _text(read("requested_server_name"))
    is_http = _is_http(read)
    address, port = _destination(read)
    if address is None and (authority if is_http else server_name) is None:
        raise RequestError(read("downstream_local_address"), "the entry does not tell the original destination")
    if is_http:
        return Request.http(
            authority,
            _text(read("path")) or "/",
            method=_text(read("method")) or "GET",
            headers=_headers(operators),
            address=address,
            port=port or _port_of(authority or ""),
            protocol=_PROTOCOLS.get(str(read("protocol")), WireProtocol.HTTP),
        )
    if server_name is not None:
        return Request.tls(server_name, address=address, port=port or 443)
    return Request.tcp(address or "", port)


def ended_at_gateway(request: Request, read: Read) -> Request:
    """Return *request* as it reached a gateway: HTTP for which a server name is logged came in mutual TLS."""
    server_name = _text(read("requested_server_name"))
    return Request.mutual_tls(server_name, request) if server_name is not None and _is_http(read) else request


def request_doubts(read: Read) -> tuple[str, ...]:
    """Return what the log cannot tell of the request, a sentence for each doubt."""
    doubts = []
    if _destination(read)[0] is None:
        doubts.append("the address and port of the destination are not logged; the port is that of the name")
    if _is_http(read):
        doubts.append("only the headers that the format names are known")
        if _text(read("method")) is None:
            doubts.append("the request could not be read by the proxy, so its method, path and authority are unknown")
        if _text(read("path")) is not None:
            doubts.append("the path may be that of the header x-envoy-original-path, which a client can send")
        return tuple(doubts)
    if read("requested_server_name") is None:
        doubts.append("without a TLS inspector the log shows no server name: this may be TLS, or any other bytes")
    else:
        doubts.append("the application protocols of the ClientHello are not logged")
    return tuple(doubts)


def _is_http(read: Read) -> bool:
    """A status is HTTP's, whatever was lost of the request; of connections it is 0."""
    code = read("response_code")
    return any(_text(read(name)) for name in ("method", "protocol")) or (isinstance(code, int) and code > 0)


def _destination(read: Read) -> tuple[str | None, int]:
    """Return address and port of the original destination, (None, 0) where the format does not name it."""
    value = read("downstream_local_address")
    found = split_address(value) if isinstance(value, str) else None
    return (str(found[0]), found[1]) if found else (None, 0)


def _port_of(authority: str) -> int:
    """Return the port of an HTTP authority, which leaves out 80."""
    port = authority.rpartition(":")[2]
    return int(port) if ":" in authority and port.isascii() and port.isdigit() and 0 < int(port) < 65536 else 80


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
    return value if isinstance(value, str) and value != "-" else None
