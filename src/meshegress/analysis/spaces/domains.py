"""Authorities: each exact domain, and of the wildcards the longest suffix with the longest prefix that hold.

As for prefixes of addresses, the longest of all decides the longest in each table. A table asks its prefixes only where
no suffix of its own holds, which may be in one table and not in the other: so the two are one pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meshegress._engine.chosen import PackedRequest
from meshegress._engine.conditions import fold
from meshegress.analysis.spaces.labels import LABELS, NOBODYS_DOMAIN
from meshegress.table import RouteConfiguration


class Authority(NamedTuple):
    """An atom: one *exact* host, or those with a longest *suffix* and *prefix*; all None is every other host."""

    exact: str | None = None
    suffix: str | None = None
    prefix: str | None = None


OTHER_HOSTS = Authority()


class Domains:
    """The atoms of the domains of *routes*."""

    noun = "host"

    def __init__(self, routes: Iterable[RouteConfiguration]) -> None:
        self.exact: set[str] = set()
        self.suffixes: set[str] = set()
        self.prefixes: set[str] = set()
        for configuration in routes:
            for host in configuration.virtual_hosts:
                for domain in host.domains:
                    self._add(fold(domain))
        self._suffix_lengths = sorted({len(text) for text in self.suffixes}, reverse=True)
        self._prefix_lengths = sorted({len(text) for text in self.prefixes}, reverse=True)

    def _add(self, domain: str) -> None:
        if domain == "*":
            return
        if domain.startswith("*"):
            self.suffixes.add(domain[1:])
        elif domain.endswith("*"):
            self.prefixes.add(domain[:-1])
        else:
            self.exact.add(domain)

    def of(self, request: PackedRequest) -> Authority:
        """Return the atom of *request*."""
        return self.classify(request.authority)

    def classify(self, authority: str) -> Authority:
        """Return the atom of *authority*, whose port plays no part."""
        host = fold(host_of(authority))
        if host in self.exact:
            return Authority(host)
        suffixes = (host[-length:] for length in self._suffix_lengths if 0 < length < len(host))
        prefixes = (host[:length] for length in self._prefix_lengths if length < len(host))
        suffix = next((text for text in suffixes if text in self.suffixes), None)
        return Authority(None, suffix, next((text for text in prefixes if text in self.prefixes), None))

    def atoms(self, domains: Iterable[str]) -> list[Authority]:
        """Return the atoms in which one of *domains* could win."""
        found: dict[Authority, None] = {}
        for domain in map(fold, domains):
            found.update(dict.fromkeys(self._atoms_of(domain)))
        return list(found)

    def _atoms_of(self, domain: str) -> Iterator[Authority]:
        if domain == "*":
            yield OTHER_HOSTS
        elif domain.startswith("*"):
            yield from (Authority(None, domain[1:], prefix) for prefix in (None, *sorted(self.prefixes)))
        elif domain.endswith("*"):
            yield from (Authority(None, suffix, domain[:-1]) for suffix in (None, *sorted(self.suffixes)))
        else:
            yield Authority(domain)

    def within(self, atom: Authority) -> list[Authority]:
        """Return what takes authorities from *atom*: exact hosts, and longer suffixes and prefixes."""
        if atom.exact is not None:
            return []
        suffix, prefix = atom.suffix or "", atom.prefix or ""
        exact = [text for text in self.exact if text.endswith(suffix) and text.startswith(prefix)]
        suffixes = [text for text in self.suffixes if text.endswith(suffix) and len(text) > len(suffix)]
        prefixes = [text for text in self.prefixes if text.startswith(prefix) and len(text) > len(prefix)]
        return [
            *(Authority(text) for text in sorted(exact)),
            *(Authority(None, text) for text in sorted(suffixes)),
            *(Authority(None, None, text) for text in sorted(prefixes)),
        ]

    def witness(self, atom: Authority) -> str | None:
        """Return an authority of *atom*, or None where none is found."""
        if atom.exact is not None:
            hosts: Iterable[str] = (atom.exact,)
        else:
            behind = atom.suffix or ("" if atom.prefix else f".{NOBODYS_DOMAIN}")
            hosts = ((atom.prefix or "") + label + behind for label in LABELS)
        # A host that ends in a colon and more is reached with a port behind it only.
        texts = (text for host in hosts for text in (host, f"{host}:80"))
        return next((text for text in texts if self.classify(text) == atom), None)

    def show(self, atom: Authority) -> str:
        """Return *atom* in words."""
        if atom.exact is not None:
            return atom.exact
        if atom == OTHER_HOSTS:
            return "every other host"
        return f"{atom.prefix or ''}*{atom.suffix or ''}"


def host_of(authority: str) -> str:
    """Return *authority* up to its last colon, unless a ``]`` follows it, as the table of domains does.

    Source: envoy source/common/http/header_utility.cc, getPortStart.

    >>> host_of("a.com:80"), host_of("[::1]")
    ('a.com', '[::1]')
    """
    colon = authority.rfind(":")
    return authority if colon < 0 or "]" in authority[colon:] else authority[:colon]


def pattern_of(atom: Authority) -> str:
    """Return the regular expression of the authorities whose host is *atom*, or lies within it."""
    if atom.exact is not None:
        bare = f"(?i:{_quoted(atom.exact)})"
        return f"{bare}(?::[^:\\]]*)?" if host_of(atom.exact) == atom.exact else f"{bare}:[^:\\]]*"
    before, behind = _quoted(atom.prefix or ""), _quoted(atom.suffix or "")
    least = "+" if before or behind else "*"
    return f"(?i:{before}[^:]{least}{behind})|(?i:{before}.{least}{behind}):[^:\\]]*"


def _quoted(text: str) -> str:
    return "".join(char if char.isalnum() or not char.isascii() else "\\" + char for char in text)
