"""Path normalisation: what Envoy does to a path before it looks for a route.

Source: Envoy, path_utility.cc and the URL canonicaliser beneath it; Istio's MeshConfig.pathNormalization; recorded
from Envoy 1.40.0.
"""

from __future__ import annotations

import re
from enum import Enum


class PathNormalization(Enum):
    """MeshConfig's ``pathNormalization.normalization``; ``DEFAULT`` is ``BASE``."""

    NONE = "NONE"
    BASE = "BASE"
    MERGE_SLASHES = "MERGE_SLASHES"
    DECODE_AND_MERGE_SLASHES = "DECODE_AND_MERGE_SLASHES"


#: Whatever this does not find in a path, BASE leaves as it is.
ODD_PATH = re.compile(r'[\\%"<>`{}]|/\.')
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_ENCODED_SLASH = re.compile(r"%2[Ff]|%5[Cc]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ALWAYS_ENCODED = {ord(c): f"%{ord(c):02X}" for c in '"<>`{}'}
_MERGING = (PathNormalization.MERGE_SLASHES, PathNormalization.DECODE_AND_MERGE_SLASHES)


def split_target(target: str) -> tuple[str, str]:
    """Return path and query of *target*, without the fragment.

    >>> split_target("/a?b=c#d")
    ('/a', 'b=c')
    """
    path, _, query = target.partition("#")[0].partition("?")
    return path, query


def normalize_path(path: str, mode: PathNormalization) -> str | None:
    """Return *path* (without its query) as routes see it, or None where Envoy refuses it.

    Escapes of unreserved characters are decoded, dot segments are resolved (``%2e`` is a dot), a backslash is a
    slash; ``%2f`` and ``//`` stay unless *mode* says otherwise.

    >>> normalize_path("/a/%2e%2e/%41%2fb//c", PathNormalization.BASE)
    '/A%2fb//c'
    """
    if mode is PathNormalization.NONE:
        return path
    if mode is PathNormalization.DECODE_AND_MERGE_SLASHES:
        path = _ENCODED_SLASH.sub("/", path)
    if ODD_PATH.search(path):
        if "%00" in path:
            return None
        path = _ENCODED.sub(_decode_unreserved, path.replace("\\", "/")).translate(_ALWAYS_ENCODED)
        path = _resolve_dots(path)
    return re.sub("//+", "/", path) if mode in _MERGING else path


def _decode_unreserved(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0]


def _resolve_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == ".." and kept:
            kept.pop()
        elif segment not in (".", ".."):
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def is_odd_target(target: str) -> bool:
    """Return whether normalisation could refuse *target*."""
    return ODD_PATH.search(target) is not None
