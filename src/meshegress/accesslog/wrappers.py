r"""Take the wrapping of container runtimes and of kubectl off a line, and join what they have cut.

========== ==========================================================================
CRI        ``2020-12-03T04:15:57.157123456Z stdout F line``; ``P`` marks a part of one
Docker     ``{"log":"line\n","stream":"stdout","time":"…"}``; a part has no ``\n``
kubectl    ``[pod/NAME/CONTAINER] line``, with ``--timestamps`` an instant before the line
========== ==========================================================================
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_INSTANT = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_CRI = re.compile(rb"(" + _INSTANT + rb") (stdout|stderr) ([FP](?::[^ ]*)?) ")
_KUBECTL = re.compile(rb"\[(pod/[^\]/ ]+/[^\] ]+)\] (?:" + _INSTANT + rb" )?")
_STAMPED = re.compile(_INSTANT + rb" (?=[\[{])")
_DOCKER_KEYS = frozenset({"log", "stream", "time", "attrs"})


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A line as the proxy wrote it, and where it was found: ``pod/NAME/CONTAINER`` or the stream, where known."""

    line: bytes
    origin: str | None = None


class Unwrapper:
    """Unwraps line after line; keeps the parts of cut lines, one for each origin."""

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.most_bytes = most_bytes
        self._parts: dict[str | None, bytes] = {}

    def unwrap(self, line: bytes) -> Unwrapped | None:
        """Return what *line* wraps, or the line itself; None where more parts must follow.

        >>> Unwrapper().unwrap(b'[pod/a-1/istio-proxy] [2020').origin
        'pod/a-1/istio-proxy'
        """
        origin = None
        kubectl = _KUBECTL.match(line) if line.startswith(b"[pod/") else None
        if kubectl:
            origin, line = kubectl[1].decode("utf-8", "replace"), line[kubectl.end() :]
        if line[:1].isdigit():
            cri = _CRI.match(line)
            if cri:
                stream = origin or cri[2].decode()
                return self._join(stream, line[cri.end() :], is_whole=cri[3].startswith(b"F"))
            stamped = _STAMPED.match(line)
            line = line[stamped.end() :] if stamped else line
        elif line.startswith(b'{"log":'):
            return self._docker(origin, line)
        return Unwrapped(line, origin)

    def _docker(self, origin: str | None, line: bytes) -> Unwrapped | None:
        try:
            record = json.loads(line.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            return Unwrapped(line, origin)
        log = record.get("log")
        if not record.keys() <= _DOCKER_KEYS or not isinstance(log, str):
            return Unwrapped(line, origin)
        data = log.encode("utf-8", "surrogateescape" if log.isprintable() else "surrogatepass")
        stream = origin or str(record.get("stream", "stdout"))
        return self._join(stream, data.removesuffix(b"\n"), is_whole=data.endswith(b"\n"))

    def _join(self, stream: str, part: bytes, *, is_whole: bool) -> Unwrapped | None:
        whole = self._parts.pop(stream, b"") + part
        if is_whole or len(whole) > self.most_bytes:
            return Unwrapped(whole, stream)
        self._parts[stream] = whole
        return None
