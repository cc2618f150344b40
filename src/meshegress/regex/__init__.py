r"""Regular expressions as Envoy runs them: RE2's, compared with the whole text, in time linear in it.

With ``google-re2`` installed (``pip install meshegress[re2]``) it runs them; else an automaton of our own does, which
knows all of RE2 but classes by script (``\p{Greek}``) and very large patterns. Nothing here can hang.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Protocol

from meshegress.regex.automaton import Automaton, UnsupportedPatternError
from meshegress.regex.characters import PatternError
from meshegress.regex.syntax import parse

__all__ = [
    "Automaton",
    "PatternError",
    "Regex",
    "UnsupportedPatternError",
    "automaton_of",
    "compile_regex",
    "is_valid_re2",
]


class Regex(Protocol):
    """A pattern that is ready to be compared."""

    def fullmatch(self, text: str) -> bool:
        """Is the whole of *text* what the pattern describes?"""


def is_valid_re2(pattern: str) -> bool:
    r"""Would Istio's validation take *pattern* for a regular expression?

    It asks Go's ``regexp``, whose grammar is RE2's.

    >>> is_valid_re2(r"/v[0-9]+/.*"), is_valid_re2(r"(?=a)"), is_valid_re2(r"(a)\1"), is_valid_re2("a**")
    (True, False, False, False)
    """
    try:
        parse(pattern)
    except PatternError:
        return False
    return True


@lru_cache(maxsize=1024)
def compile_regex(pattern: str) -> Regex:
    """Return *pattern*, ready to be compared with whole texts.

    Raises PatternError where it is not an RE2 pattern, UnsupportedPatternError where it is and cannot be run here.

    >>> compile_regex("a+").fullmatch("aaa"), compile_regex("a+").fullmatch("aab")
    (True, False)
    """
    tree = parse(pattern)
    return _Re2(pattern) if _has_re2() else Automaton(pattern, tree)


@lru_cache(maxsize=1024)
def automaton_of(pattern: str) -> Automaton:
    """Return *pattern* as an automaton, whatever else is installed: what products of several patterns are made of.

    Raises PatternError where it is not an RE2 pattern, UnsupportedPatternError where nothing here can run it.

    >>> automaton_of("a+").fullmatch("aaa")
    True
    """
    return Automaton(pattern, parse(pattern))


@lru_cache(maxsize=1)
def _has_re2() -> bool:
    try:
        import_module("re2")
    except ImportError:
        return False
    return True


class _Re2:
    """A pattern that ``google-re2`` runs; texts are compared as UTF-8, lone surrogates as they would be written."""

    def __init__(self, pattern: str) -> None:
        re2 = import_module("re2")
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(pattern, options)
        except re2.error as error:
            raise UnsupportedPatternError(pattern, "RE2 refuses it") from error

    def fullmatch(self, text: str) -> bool:
        return self._compiled.fullmatch(text.encode("utf-8", "surrogatepass")) is not None
