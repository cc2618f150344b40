"""Options that are ``KEY=VALUE``, names and sizes: what they say, or one clear error."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable

from meshegress.cli.exits import UsageError

Pair = tuple[str, str]

_SIZE = re.compile(r"(\d+)\s*(?:([KMGT])i?)?B?\Z", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def pair_of(what: str, example: str) -> Callable[[str], Pair]:
    """Return a reader of ``KEY=VALUE`` for argparse; *what* and *example* are for its error.

    >>> pair_of("a label", "app=cart")("app=cart")
    ('app', 'cart')
    """

    def read(text: str) -> Pair:
        """Return key and value of *text*."""
        key, separator, value = text.partition("=")
        if not separator or not key.strip():
            raise argparse.ArgumentTypeError(
                f"`{text}`: write {what} as KEY=VALUE, such as `{_meant(text) or example}`"
            )
        return key.strip(), value

    return read


def size(text: str) -> int:
    """Return the bytes that *text* says, such as ``500M``; for argparse.

    >>> size("64MiB"), size("1000")
    (67108864, 1000)
    """
    found = _SIZE.match(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"`{text}`: write a size in bytes, or as `500M` or `2G`")
    number, unit = found.groups()
    return int(number) << (10 * _POWERS[(unit or "").upper()])


def one_each(option: str, pairs: Iterable[Pair]) -> dict[str, str]:
    """Return *pairs* as a mapping; the same key with two values is a usage error.

    >>> one_each("--label", [("app", "cart"), ("app", "cart")])
    {'app': 'cart'}
    """
    found: dict[str, str] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise UsageError(f"{option}: `{key}` is given twice, as `{found[key]}` and as `{value}`")
    return found


def _meant(text: str) -> str:
    """Return *text* with ``=`` where another sign was used for it, or nothing."""
    key, colon, value = text.partition(":")
    return f"{key.strip()}={value.strip()}" if colon and key.strip() and value.strip() else ""
