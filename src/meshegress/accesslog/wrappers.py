r"""Take the wrapping of container runtimes and of kubectl off a line, and join what they have cut.

========== ==========================================================================
CRI        ``2020-12-03T04:15:57.157123456Z stdout F line``; ``P`` marks a part of one
Docker     ``{"log":"line\n","stream":"stdout","time":"…"}``; a part has no ``\n``
kubectl    ``[pod/NAME/CONTAINER] line``, with ``--timestamps`` an instant before the line
========== ==========================================================================

These are sure signs, so they are taken off before any format is tried; what else may surround a record is looked at
only where a line fits no format.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from meshegress.accesslog.reading.emitter import NOBODY, Emitter

_INSTANT = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_CRI = re.compile(rb"(" + _INSTANT + rb") (stdout|stderr) ([FP](?::[^ ]*)?) ")
_KUBECTL = re.compile(rb"\[pod/(?P<pod>[^\]/ ]+)/(?P<container>[^\] ]+)\] (?:(?P<time>" + _INSTANT + rb") )?")
_STAMPED = re.compile(rb"(" + _INSTANT + rb") (?=[\[{])")
_DOCKER_KEYS = frozenset({"log", "stream", "time", "attrs"})


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A line as the proxy wrote it, and who wrote it, as far as its wrapping says."""

    line: bytes
    emitter: Emitter = NOBODY


class Unwrapper:
    """Unwraps line after line; keeps the parts of cut lines, one for each Pod and stream."""

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.most_bytes = most_bytes
        self._parts: dict[tuple[str | None, ...], bytes] = {}

    def unwrap(self, line: bytes) -> Unwrapped | None:
        """Return what *line* wraps, or the line itself; None where more parts must follow.

        >>> Unwrapper().unwrap(b'[pod/a-1/istio-proxy] [2020').emitter.pod
        'a-1'
        """
        emitter = NOBODY
        kubectl = _KUBECTL.match(line) if line.startswith(b"[pod/") else None
        if kubectl:
            named = {name: text.decode("utf-8", "replace") for name, text in kubectl.groupdict().items() if text}
            emitter, line = Emitter(**named), line[kubectl.end() :]
        if line[:1].isdigit():
            cri = _CRI.match(line)
            if cri:
                outer = Emitter(time=cri[1].decode(), stream=cri[2].decode())
                return self.join(emitter.over(outer), line[cri.end() :], is_whole=cri[3].startswith(b"F"))
            stamped = _STAMPED.match(line)
            if stamped:
                emitter, line = emitter.over(Emitter(time=stamped[1].decode())), line[stamped.end() :]
        elif line.startswith(b'{"log":'):
            return self._docker(emitter, line)
        return Unwrapped(line, emitter)

    def _docker(self, emitter: Emitter, line: bytes) -> Unwrapped | None:
        try:
            record = json.loads(line.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            return Unwrapped(line, emitter)
        log = record.get("log")
        if not record.keys() <= _DOCKER_KEYS or not isinstance(log, str):
            return Unwrapped(line, emitter)
        outer = {key: str(record[key]) for key in ("stream", "time") if key in record}
        data = member_bytes(log)
        return self.join(emitter.over(Emitter(**outer)), data.removesuffix(b"\n"), is_whole=data.endswith(b"\n"))

    def join(self, emitter: Emitter, part: bytes, *, is_whole: bool) -> Unwrapped | None:
        """Return the whole line that *part* ends, None where more must follow."""
        place = (emitter.namespace, emitter.pod, emitter.container, emitter.stream)
        whole = self._parts.pop(place, b"") + part
        if is_whole or len(whole) > self.most_bytes:
            return Unwrapped(whole, emitter)
        self._parts[place] = whole
        return None


def member_bytes(text: str) -> bytes:
    """Return the bytes of a line that was a string of JSON; lone surrogates are bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape" if text.isprintable() else "surrogatepass")
