"""Conditions on texts, patterns, and the names of headers."""

from __future__ import annotations

import re

from meshegress.regex import is_valid_re2
from meshegress.resources.shape import shown
from meshegress.resources.virtual_service import StringMatch
from meshegress.rules.problem import Path, Problem, Problems

LONGEST_REGEX = 1024


def string_match_problems(match: StringMatch | None, path: Path, *, empty_prefix_allowed: bool = False) -> Problems:
    """Judge a condition on a text: an empty prefix says nothing, a pattern is one of RE2."""
    if match is None:
        return
    if match.regex is not None:
        yield from regex_problems(match.regex, (*path, "regex"))
    elif match.prefix == "" and not empty_prefix_allowed:
        yield Problem((*path, "prefix"), "an empty prefix matches everything", "write `{}` for presence")


def regex_problems(pattern: str, path: Path) -> Problems:
    """Judge a regular expression."""
    if not pattern:
        yield Problem(path, "the pattern is empty", "write a pattern")
    elif len(pattern.encode(errors="surrogatepass")) > LONGEST_REGEX:
        yield Problem(path, f"the pattern is longer than {LONGEST_REGEX} bytes", "write a shorter pattern")
    elif not is_valid_re2(pattern):
        yield Problem(path, f"{shown(pattern)} is not an RE2 pattern", "RE2 has no look-around and no back-references")


_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+")
_PSEUDO_HEADERS = frozenset({":method", ":scheme", ":authority", ":path", ":status"})
_CLAIM = re.compile(r"@request\.auth\.claims(\..+|\[.+\])", re.IGNORECASE | re.DOTALL | re.ASCII)


def is_claim(name: str) -> bool:
    """Tell whether the header *name* stands for a claim of a JWT.

    >>> is_claim("@request.auth.claims.sub"), is_claim("@request.auth.claims")
    (True, False)
    """
    return _CLAIM.fullmatch(name) is not None


def header_name_problems(name: str, path: Path) -> Problems:
    """Judge the *name* of a header that is matched on."""
    if not name:
        yield Problem(path, "the name of the header is empty", "name the header")
    elif not is_claim(name) and name not in _PSEUDO_HEADERS and not _TOKEN.fullmatch(name):
        yield Problem(path, f"{shown(name)} is not a name of a header", "write a name of letters, digits and dashes")
