"""Lines as a sidecar writes them all day: a third of them TCP, in the order of time, 304 bytes in the mean."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from meshegress import AccessLogFormat

TEXT = AccessLogFormat.preset("istio-text")
JSON = AccessLogFormat.preset("istio-json")

_AGENTS = (
    "-",
    "curl/7.68.0",
    "Go-http-client/1.1",
    "Go-http-client/2.0",
    "kube-probe/1.30",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
    "Apache-HttpClient/4.5.14 (Java/17.0.9)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2",
)
_PATHS = (
    "/",
    "/healthz",
    "/api/v1/catalog/items/{0}",
    "/api/v1/catalog/items?page={1}&sort=price&order=asc",
    "/v2/accounts/{0}/orders/{1}/lines",
    "/oauth2/token",
    "/search?q=winter+boots&from={1}&size=20&category=shoes&brand=any",
)
_SERVICES = (
    "cart",
    "catalog",
    "checkout",
    "inventory-reader",
    "payments-gateway",
    "recommendations",
    "shipping-quotes",
)
_FLAGS = ((200, (), 30), (204, (), 4), (304, (), 3), (404, (), 2), (503, ("UF", "URX"), 1), (504, ("UT",), 1))


def entries(count: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """Yield *count* entries by Istio's keys: requests over HTTP, and connections of which only bytes are known."""
    rng = random.Random(seed)
    instant = datetime(2026, 11, 22, 6, tzinfo=UTC)
    for _ in range(count):
        instant += timedelta(milliseconds=rng.randint(0, 40))
        yield {"start_time": instant, **(_tcp(rng) if rng.random() < 0.33 else _http(rng))}


def text_lines(count: int) -> list[str]:
    """Return *count* lines of text without their newlines."""
    return [TEXT.format(entry) for entry in entries(count)]


def json_lines(count: int) -> list[str]:
    """Return the same entries as lines of JSON."""
    return [JSON.format(entry) for entry in entries(count)]


def joined(lines: list[str]) -> bytes:
    """Return *lines* as the bytes of a log."""
    return "".join(f"{line}\n" for line in lines).encode()


def _address(rng: random.Random, port: int | None = None) -> str:
    return f"10.{rng.randint(0, 15)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}:{port or rng.randint(32768, 60999)}"


def _bytes(rng: random.Random) -> dict[str, object]:
    return {
        "bytes_received": int(rng.paretovariate(0.7)) % 100_000 - 1,
        "bytes_sent": int(rng.paretovariate(0.4)) % 10_000_000,
        "duration": int(rng.paretovariate(0.8)) % 60_000,
    }


def _tcp(rng: random.Random) -> dict[str, object]:
    server = f"{rng.choice(_SERVICES)}.example-{rng.randint(1, 90)}.com"
    to = f"203.0.{rng.randint(0, 255)}.{rng.randint(1, 254)}:443"
    named = rng.random() < 0.7
    return {
        **_bytes(rng),
        "response_code": 0,
        "response_flags": (),
        "upstream_host": to,
        "upstream_cluster": f"outbound|443||{server}" if named else "PassthroughCluster",
        "upstream_local_address": _address(rng),
        "downstream_local_address": to,
        "downstream_remote_address": _address(rng),
        "requested_server_name": server if named else None,
    }


def _http(rng: random.Random) -> dict[str, object]:
    host = f"{rng.choice(_SERVICES)}.shop-{rng.randint(1, 40)}.svc.cluster.local"
    code, flags, _ = rng.choices(_FLAGS, [weight for *_, weight in _FLAGS])[0]
    known = _bytes(rng)
    return {
        **known,
        "method": rng.choice(("GET", "GET", "GET", "POST", "PUT", "DELETE")),
        "path": rng.choice(_PATHS).format(rng.randint(1, 10**6), rng.randint(1, 99)),
        "protocol": rng.choice(("HTTP/1.1", "HTTP/1.1", "HTTP/2")),
        "response_code": code,
        "response_flags": flags,
        "response_code_details": "upstream_reset_before_response_started{connection_failure}"
        if flags
        else "via_upstream",
        "upstream_service_time": None if flags else str(known["duration"]),
        "x_forwarded_for": None if rng.random() < 0.8 else _address(rng).partition(":")[0],
        "user_agent": rng.choice(_AGENTS),
        "request_id": str(_uuid(rng)),
        "authority": f"{host}:8080" if rng.random() < 0.3 else host,
        "upstream_host": _address(rng, 8080),
        "upstream_cluster": f"outbound|8080||{host}",
        "upstream_local_address": _address(rng),
        "downstream_local_address": _address(rng, 8080),
        "downstream_remote_address": _address(rng),
        "route_name": "default",
    }


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
