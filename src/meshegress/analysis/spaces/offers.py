"""What TLS clients offer by ALPN: of each set of protocols that filter chains ask for, the first that is offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshegress.table import FilterChain

Choice = tuple[str | None, ...]
"""The protocol that each set of known ones takes from an offer; None where it knows none of them."""

_MOST = 500


class Offers:
    """The atoms of what is offered, where each of several groups of *chains* knows protocols of its own."""

    def __init__(self, chains: Iterable[Iterable[FilterChain]]) -> None:
        sets = (frozenset(_protocols(group)) for group in chains)
        self.known = tuple(dict.fromkeys(known for known in sets if known))

    def __bool__(self) -> bool:
        return bool(self.known)

    def classify(self, offered: tuple[str, ...]) -> Choice:
        """Return what each side takes from *offered*."""
        return tuple(next((one for one in offered if one in known), None) for known in self.known)

    def witnesses(self) -> Iterator[tuple[Choice, tuple[str, ...]]]:
        """Yield each atom with a shortest offer, the empty one first."""
        protocols = sorted(frozenset().union(*self.known))
        found: dict[Choice, tuple[str, ...]] = {self.classify(()): ()}
        pending = list(found.values())
        for offered in pending:
            for protocol in protocols:
                longer = (*offered, protocol)
                choice = self.classify(longer)
                if choice not in found and len(found) < _MOST:
                    found[choice] = longer
                    pending.append(longer)
        yield from found.items()


def _protocols(chains: Iterable[FilterChain]) -> Iterator[str]:
    for chain in chains:
        if chain.match.transport_protocol != "raw_buffer":
            yield from chain.match.application_protocols
