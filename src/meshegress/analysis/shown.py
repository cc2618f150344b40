"""Requests, answers and conditions in words."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress._engine.layout import EXACT, PREFIX, PRESENT, REGEX, TextCondition
from meshegress.analysis.cells import Routing
from meshegress.analysis.matches.combinations import Cube
from meshegress.analysis.matches.dimensions import PATH, Condition, Dimension
from meshegress.decision import Decision
from meshegress.request import Request, WireProtocol

_VERBS = {EXACT: "is", PREFIX: "begins with", REGEX: "matches", PRESENT: "is there"}
_MOST_CUBES = 4


def answer_text(decision: Decision) -> str:
    """Return what becomes of a request, with every other answer that is possible."""
    return " or ".join(dict.fromkeys(map(str, decision.candidates or (decision,))))


def request_text(request: Request) -> str:
    """Return *request* as one would say it.

    >>> request_text(Request.tls("a.com", address="1.2.3.4"))
    'TLS for a.com to 1.2.3.4:443'
    """
    address = f"[{request.address}]" if request.address and ":" in request.address else request.address
    where = f"to {address}:{request.port}"
    if request.payload is not None:
        return f"{request.payload!r} and then silence {where}" if request.payload else f"silence {where}"
    if request.is_tls:
        offered = f" with ALPN {', '.join(request.alpn)}" if request.alpn else ""
        return f"TLS {f'for {request.sni}' if request.sni else 'without a server name'}{offered} {where}"
    if request.protocol is WireProtocol.RAW:
        return f"opaque bytes {where}"
    headers = "".join(f" {name}: {value};" for name, value in request.headers)
    version = "" if request.protocol is WireProtocol.HTTP else f" ({request.protocol.value})"
    host = "" if request.host is None else f"http://{request.host}"
    return f"{request.method} {host}{request.path}{headers}{version} {where}"


def condition_texts(routing: Routing | None) -> frozenset[str]:
    """Return the conditions of *routing*, a text for each cube; none where every request meets them."""
    if routing is None or not routing.conditions.dimensions:
        return frozenset({""})
    if any(not cube for cube in routing.cubes):
        return frozenset({""})
    return frozenset(", ".join(_parts(routing, cube)) for cube in routing.cubes[:_MOST_CUBES])


def _parts(routing: Routing, cube: Cube) -> Iterator[str]:
    for dimension, masks in cube.items():
        asked = routing.conditions.asked[dimension]
        met = [one for bit, one in enumerate(asked) if all(mask >> bit & 1 for mask in masks)]
        unmet = [one for bit, one in enumerate(asked) if all(not mask >> bit & 1 for mask in masks)]
        if met and dimension == PATH:
            met, unmet = _told(met), [one for one in unmet if len(one.texts) == 1]
        shown = [_condition(dimension, one) for one in met]
        most = 1 if shown else 3
        shown += [f"not {_condition(dimension, one)}" for one in unmet[:most]]
        if len(unmet) > most and not met:
            shown.append(f"{len(unmet) - most} more are not met")
        yield " and ".join(shown) or f"for some of {_subject(dimension)}"


def _told(met: list[Condition]) -> list[Condition]:
    """Return the conditions that say most: single ones where there are any."""
    return [one for one in met if len(one.texts) == 1] or met[:1]


def _condition(dimension: Dimension, condition: Condition) -> str:
    subject = _subject(dimension)
    header = condition.header
    if header is not None:
        return f"{subject} {_text(header.text)}" + (" (inverted)" if header.invert else "")
    texts = [_text(text) for text in condition.texts[:3]]
    more = f" or {len(condition.texts) - 3} more" if len(condition.texts) > 3 else ""
    return f"{subject} {' or '.join(texts)}{more}"


def _subject(dimension: Dimension) -> str:
    return f"{dimension.part} `{dimension.name}`" if dimension.name else f"the {dimension.part}"


def _text(text: TextCondition) -> str:
    verb = _VERBS.get(text.kind, "is any")
    return verb if text.kind == PRESENT else f"{verb} `{text.value}`"
