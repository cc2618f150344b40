"""Choose among formats by what fits: try each on every line, strictly, and count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from meshegress.accesslog.reading.agent import is_agent_line
from meshegress.accesslog.values import to_bytes
from meshegress.errors import LogParseError

Format = TypeVar("Format")


@dataclass(frozen=True, slots=True)
class Detection(Generic[Format]):
    """Which format fits a log, and how sure that is.

    ``fitting`` of ``lines`` lines fit ``format``, the preset ``name``. ``fits`` has the number for every preset that
    fits some line. ``alternatives`` are the presets that fit as many: today's and 1.9's differ in no line.
    """

    name: str
    format: Format
    lines: int
    fitting: int
    fits: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of the lines that fit, from 0 to 1."""
        return self.fitting / self.lines

    @property
    def misfit_share(self) -> float:
        """The share of the lines that did not fit."""
        return 1 - self.share

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The other presets that fit as many lines."""
        return tuple(name for name, count in self.fits.items() if count == self.fitting and name != self.name)

    @property
    def distinct(self) -> tuple[str, ...]:
        """The presets that fit some line, the best first; of those that write the same lines, one."""
        ranked = sorted(self.fits, key=lambda name: (-self.fits[name], name != self.name))
        kinds: dict[str, str] = {}
        for name in ranked:
            kinds.setdefault(_EQUAL.get(name, name), name)
        return tuple(kinds.values())

    @property
    def is_sure(self) -> bool:
        """Whether most lines fit, and no other preset fits as many but one that writes the same lines."""
        return self.share > 0.5 and all(
            _EQUAL.get(name, name) == _EQUAL.get(self.name, self.name) for name in self.alternatives
        )

    def __str__(self) -> str:
        others = f"; so do {', '.join(self.alternatives)}" if self.alternatives else ""
        return f"{self.name}: {self.fitting} of {self.lines} lines fit{others}"


# Presets that write the same lines: only the operator for the cluster differs, and no line tells which it was.
_EQUAL = {name: kind for kind in ("text", "json") for name in (f"istio-{kind}", f"istio-1.9-{kind}")}


def choose_format(
    lines: Iterable[str | bytes],
    candidates: Mapping[str, Format],
    count_of: Callable[[str, str | bytes], int],
    *,
    limit: int = 1000,
) -> Detection[Format]:
    """Return which of *candidates* fits most of the first *limit* lines; of equals, the one named first.

    *count_of* gives the number of ways to read a line as a candidate. Blank lines are left out.

    Raises LogParseError where no candidate fits any line.
    """
    fits = dict.fromkeys(candidates, 0)
    seen = 0
    first: str | bytes = ""
    for line in lines:
        if not line.strip() or is_agent_line(line if isinstance(line, bytes) else to_bytes(line)):
            continue
        # No preset ends in a carriage return: one before the newline is of the file.
        line = line.rstrip("\r\n") if isinstance(line, str) else line.rstrip(b"\r\n")
        first = first or line
        seen += 1
        for name in candidates:
            fits[name] += count_of(name, line) > 0
        if seen == limit:
            break
    best = max(fits, key=lambda name: fits[name])
    if not fits[best]:
        shown = first if isinstance(first, str) else first.decode("utf-8", "surrogateescape")
        raise LogParseError(shown, " or ".join(candidates), "no_match", f"no known format fits any of {seen} lines")
    found = {name: count for name, count in fits.items() if count}
    return Detection(best, candidates[best], seen, fits[best], found)
