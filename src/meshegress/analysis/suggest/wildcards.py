"""Many names below one domain as ``*.domain``, where that is asked for and the domain is somebody's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meshegress.analysis.suggest.needs import Need
from meshegress.errors import MissingExtraError


def joined(needs: Iterable[Need], least: int, is_public: Callable[[str], bool]) -> tuple[Need, ...]:
    """Return *needs* with each *least* names or more of one domain, and of the same ports and namespaces, as one.

    A domain below which anybody can register, as *is_public* says, is never one; names below it stay.
    """
    needs = tuple(needs)
    below: dict[tuple[str, frozenset[tuple[int, str]], frozenset[str]], list[Need]] = {}
    for need in needs:
        domain = need.host.partition(".")[2] if need.host and not need.host.startswith("*") else ""
        if "." in domain and not is_public(domain):
            below.setdefault((domain, frozenset(need.ports), frozenset(need.namespaces)), []).append(need)
    replaced: dict[int, Need] = {}
    for (domain, *_), members in below.items():
        if len(members) >= least:
            whole = Need(f"*.{domain}")
            for member in members:
                whole.join(member)
                replaced[id(member)] = whole
    found = {id(replaced.get(id(need), need)): replaced.get(id(need), need) for need in needs}
    return tuple(found.values())


def public_suffixes() -> Callable[[str], bool]:
    """Return the question whether a domain is a public suffix, such as ``co.uk``.

    Raises MissingExtraError where the list is not installed.
    """
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        raise MissingExtraError("suffixes") from None
    suffixes = PublicSuffixList()

    def is_public(domain: str) -> bool:
        """Return whether anybody can register names below *domain*."""
        return bool(suffixes.is_public(domain))

    return is_public
