"""The headers of a request beside its host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshegress.errors import RequestError


def without_host(pairs: Iterable[tuple[str, str]], host: str | None) -> Iterator[tuple[str, str]]:
    """Yield *pairs* but for those that say *host* again."""
    for name, value in pairs:
        if name.lower() not in ("host", ":authority"):
            yield name, value
        elif host is None or value.lower() != host.lower():
            raise RequestError(value, f"the header `{name}` names another host than the request, `{host}`: give one")


def shown_headers(headers: tuple[tuple[str, str], ...]) -> str:
    """Return *headers* as the last argument of a request that is shown; nothing where there are none."""
    if not headers:
        return ""
    named = dict(headers)
    return f", headers={named if len(named) == len(headers) else headers!r}"
