"""JSON over several lines, as ``jq .`` and cloud command lines print it: the lines of one object are joined."""

from __future__ import annotations

import re

_MOST_BYTES = 1 << 20
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
# What a line of printed JSON may be: brackets, a member, an item.
_BRACKETS = rb"[\s{}\[\],]*"
_VALUE = rb"(?:" + _STRING.pattern + rb"|[-+.0-9eE]+|true|false|null)?"
_LINE = re.compile(_BRACKETS + rb"(?:" + _STRING.pattern + rb"\s*:?\s*)?" + _VALUE + _BRACKETS)


class PrettyJson:
    """Joins the lines from a lone ``{`` to the bracket that closes it."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self._depth = self._size = 0

    def take(self, line: bytes) -> bool:
        """Keep *line* where it belongs to an object of several lines."""
        if not self.lines and line.strip() != b"{":
            return False
        if not _LINE.fullmatch(line) or self._size > _MOST_BYTES:
            return False
        bare = _STRING.sub(b"", line)
        self._depth += bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")
        self._size += len(line)
        self.lines.append(line)
        return True

    @property
    def is_whole(self) -> bool:
        """Whether the object is closed."""
        return bool(self.lines) and self._depth <= 0

    def drain(self) -> list[bytes]:
        """Return the lines that were kept, and forget them."""
        lines, self.lines = self.lines, []
        self._depth = self._size = 0
        return lines
