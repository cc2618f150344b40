"""Rules and matches of a VirtualService that no request can reach: Istio accepts and warns of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from meshegress.profiles import Profile
from meshegress.resources import Message, VirtualService
from meshegress.resources.virtual_service import HTTPMatchRequest, HTTPRoute, StringMatch, TCPRoute, TLSRoute
from meshegress.rules.problem import Path, Problems, warning

Routes = Sequence[HTTPRoute | TLSRoute | TCPRoute]


def ask_reachability(service: VirtualService, profile: Profile) -> Problems:
    """Warn of rules behind a rule without matches, of matches that repeat, and of prefixes behind shorter ones."""
    spec = service.spec
    kinds: tuple[tuple[str, Routes], ...] = (("http", spec.http), ("tls", spec.tls), ("tcp", spec.tcp))
    for kind, routes in kinds:
        yield from _unreachable(routes, ("spec", kind), profile)
    yield from _covered(spec.http)


def _unreachable(routes: Routes, path: Path, profile: Profile) -> Problems:
    seen: dict[object, tuple[int, int]] = {}
    catch_all = False
    for index, route in enumerate(routes):
        if not route.match:
            if catch_all:
                yield warning((*path, index), "a rule before this one has no matches and takes everything", "reorder")
            catch_all = True
            continue
        if catch_all and profile.warns_behind_catch_all:
            yield warning((*path, index), "a rule before this one has no matches and takes everything", "reorder")
            continue
        repeated = 0
        for number, match in enumerate(route.match):
            earlier = seen.setdefault(_key(match), (index, number))
            if earlier != (index, number):
                repeated += 1
                yield warning((*path, index, "match", number), f"rule {earlier[0]} has the same match", "remove one")
        if repeated == len(route.match):
            yield warning((*path, index), "rules before this one have all its matches", "remove it")


def _key(match: Message) -> object:
    """Return what makes *match* equal to another: its known fields, whatever its name."""
    ignored = "name" if isinstance(match, HTTPMatchRequest) else ""
    return tuple((name, _plain(getattr(match, name))) for name in type(match).model_fields if name != ignored)


def _plain(value: Any) -> object:
    if isinstance(value, Message):
        return _key(value)
    if isinstance(value, Mapping):
        return frozenset((key, _plain(item)) for key, item in value.items())
    return value


class _Prefix(NamedTuple):
    """A match by prefix, as far as Istio compares it."""

    path: Path
    prefix: str
    port: int
    method: str
    authority: str
    headers: dict[str, str]
    query_params: dict[str, str]
    without_headers: dict[str, str]


def _covered(routes: Sequence[HTTPRoute]) -> Problems:
    """Warn of a prefix behind a shorter one that takes all its requests."""
    earlier: dict[str, list[_Prefix]] = {}
    for match in _prefixes(routes):
        for size in range(1, len(match.prefix)):
            before = next((each for each in earlier.get(match.prefix[:size], ()) if _covers(each, match)), None)
            if before is not None:
                yield warning(match.path, f"prefix `{before.prefix}` of a rule before takes these requests", "reorder")
                break
        earlier.setdefault(match.prefix, []).append(match)


def _prefixes(routes: Sequence[HTTPRoute]) -> Iterator[_Prefix]:
    for index, route in enumerate(routes):
        for number, match in enumerate(route.match):
            if match.uri is not None and match.uri.prefix and match.uri.regex is None:
                yield _prefix(match, ("spec", "http", index, "match", number))


def _prefix(match: HTTPMatchRequest, path: Path) -> _Prefix:
    assert match.uri is not None
    assert match.uri.prefix is not None
    return _Prefix(
        path,
        match.uri.prefix,
        match.port,
        _condition(match.method) or "exact:GET",
        _condition(match.authority),
        *({name: _condition(value) for name, value in each.items()}
          for each in (match.headers, match.query_params, match.without_headers)),
    )  # fmt: skip


def _condition(match: StringMatch | None) -> str:
    if match is None or match.regex is not None:
        return ""
    if match.prefix is not None:
        return f"prefix:{match.prefix}" if match.prefix else ""
    return f"exact:{match.exact}" if match.exact else ""


def _covers(earlier: _Prefix, later: _Prefix) -> bool:
    """Tell whether *earlier* takes what *later* would; the comparison is Istio's, oddities included."""
    pairs = [(earlier.method, later.method), (earlier.authority, later.authority)]
    for ours, theirs in (
        (earlier.headers, later.headers),
        (earlier.query_params, later.query_params),
        (earlier.without_headers, later.without_headers),
    ):
        if ours.keys() != theirs.keys():
            return False
        pairs += [(value, theirs[name]) for name, value in ours.items()]
    return earlier.port == later.port and all(ours.startswith(theirs) for ours, theirs in pairs)
