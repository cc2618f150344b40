"""One place: a port and an atom of its addresses, and what is said there by first bytes and server names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshegress.analysis.cells import Scope
from meshegress.analysis.differ.facts import bucket
from meshegress.analysis.differ.pairs import Pair, Touched
from meshegress.analysis.differ.search import Search
from meshegress.analysis.differ.sides import Side
from meshegress.analysis.differ.virtual_hosts import HttpEnds, compare_http
from meshegress.analysis.spaces.addresses import Prefix, prefix_of
from meshegress.analysis.spaces.first_bytes import Bytes, samples
from meshegress.analysis.spaces.labels import LABELS, NOBODYS_DOMAIN
from meshegress.analysis.spaces.offers import Offers
from meshegress.analysis.spaces.server_names import OTHER_NAMES, ServerNames
from meshegress.request import Request
from meshegress.table import Listener


@dataclass(frozen=True, slots=True)
class Place:
    """A port and an address that stands for an atom, with the listeners that take it in each pair of tables."""

    scope: Scope
    address: str
    port: int
    rows: Sequence[tuple[Pair, Listener | None, Listener | None]]

    @property
    def prefix(self) -> Prefix:
        """The atom as a prefix."""
        place = self.scope.place
        return prefix_of(place) if isinstance(place, str) else place

    @property
    def sides(self) -> list[Side]:
        """The tables of both sides, those before first; none twice."""
        befores = [pair.before for pair, _, _ in self.rows]
        return list(dict.fromkeys([*befores, *(pair.after for pair, _, _ in self.rows)]))

    @property
    def listeners(self) -> list[Listener]:
        """All listeners, each once."""
        found = {id(one): one for _, before, after in self.rows for one in (before, after) if one is not None}
        return list(found.values())


def compare_place(search: Search, place: Place) -> None:
    """Look for cells at *place*."""
    touched = Touched()
    for pair, before, after in place.rows:
        found = pair.touched_at(before, after, place.prefix, place.port)
        touched.names |= found.names
        touched.unnamed = touched.unnamed or found.unnamed
    chains = [bucket(search.facts.level(one, place.port), place.prefix) for one in place.listeners]
    offers = Offers(chains)
    if not any(one.tls_inspector for one in place.listeners):
        # Nobody looks: every server name is one atom.
        if touched.unnamed:
            _compare_tls(search, place, None, OTHER_NAMES, offers)
            _compare_plain(search, place)
        return
    if not touched.names and not touched.unnamed:
        return
    names = ServerNames(chain for group in chains for chain in group)
    for name in sorted(touched.names):
        _compare_tls(search, place, names, name, offers)
    if touched.unnamed:
        _compare_tls(search, place, names, OTHER_NAMES, offers)
        _compare_plain(search, place)


def _compare_tls(search: Search, place: Place, names: ServerNames | None, name: str, offers: Offers) -> None:
    """Decide one ClientHello for each offer that is told apart."""
    if names is not None and not names.keys:
        names = None
    scope = replace(place.scope, kinds=frozenset({Bytes.TLS}), name=name if names else None, names=names)
    sni = f"{LABELS[0]}.{NOBODYS_DOMAIN}" if names is None else names.witness(name)
    if sni is None:
        search.doubt(scope, "no server name was found that no more specific one takes")
        return
    for choice, offered in offers.witnesses():
        request = Request.tls(sni, alpn=offered, address=place.address, port=place.port)
        search.ask(scope, request, offer=choice, offers=offers if offers else None)


def _compare_plain(search: Search, place: Place) -> None:
    """Decide first bytes of every other kind; where a side reads HTTP, by what it objects to or routes."""
    groups: dict[tuple[object, ...], HttpEnds] = {}
    for kind, makers in samples().items():
        if kind is Bytes.TLS:
            continue
        scope = replace(place.scope, kinds=frozenset({kind}))
        first = next(iter(makers.values()))(place.address, place.port)
        if not any(owner.routes for side in place.sides for owner in side.owners_of(first)):
            search.ask(scope, first)
            continue
        for objection, make in makers.items():
            ends = HttpEnds.of(place.rows, make(place.address, place.port), kind, objection)
            if objection.is_nul and not ends.normalizes:
                continue  # a path like others
            if objection.is_nul and ends.is_ambiguous:
                search.doubt(replace(scope, objection=objection), "one side alone normalises paths")
            elif objection.is_refused or (objection.is_connect and search.by == "answer"):
                search.ask(replace(scope, objection=objection, normalizes=ends.normalizes), ends.sample)
            else:
                known = groups.setdefault((ends.key, objection), ends)
                known.kinds.append(kind)
    for ends in groups.values():
        compare_http(search, place.scope, ends)
