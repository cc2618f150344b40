"""Lines of an access log from typed values: the reference twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: Added to the kind of a field, a LogKind: no value is a dash.
DASHED = 16


class LogWriter:
    """A writer of typed values as lines: a literal, a value, a literal...

    *kinds* says what the native twin may do alone: any kind but OTHER shows a ``str`` as it is unless it is empty,
    NUMBER an ``int``, STAMP a ``datetime``, FLAGS an empty tuple as ``-``; with DASHED added, None is ``-``. Everything
    else is left to *show*, which gives the text of a value by the number of its field.
    """

    def __init__(self, literals: Sequence[str], kinds: bytes, show: Callable[[int, object], str]) -> None:
        if len(literals) != len(kinds) + 1:
            raise ValueError("one literal more than fields is needed")
        self.literals = tuple(literals)
        self.show = show

    def write(self, values: tuple[object, ...]) -> str:
        """Return the line of *values*, one for each field in its order."""
        if len(values) != len(self.literals) - 1:
            raise ValueError(f"{len(self.literals) - 1} values are needed, not {len(values)}")
        shown = (
            literal + self.show(number, value)
            for number, (literal, value) in enumerate(zip(self.literals, values, strict=False))
        )
        return "".join(shown) + self.literals[-1]
