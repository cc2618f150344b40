"""Which columns can be read, and what is to be said of one that cannot."""

from __future__ import annotations

from meshegress.columns.arrow_memory import Column

#: Text with offsets of 32 and of 64 bits, and as views; bytes are taken for UTF-8. And columns of nothing but nulls.
_TEXT = frozenset({"u", "z", "U", "Z", "vu", "vz", "n"})
_WHOLE_NUMBERS = frozenset({"c", "C", "s", "S", "i", "I", "l", "L", "n"})
#: What a column holds, by the first letter of its format.
_WORDS = {
    **dict.fromkeys("uUzZv", "text"),
    **dict.fromkeys("cCsSiIlL", "whole numbers"),
    **dict.fromkeys("efgd", "numbers with a fraction"),
    "b": "truth values",
    "t": "times",
    "+": "lists or structs",
}


def complaint(column: Column, name: str) -> str | None:
    """Return what is wrong with the column that is read as *name*, or None."""
    wanted, formats = ("whole numbers", _WHOLE_NUMBERS) if name == "port" else ("text", _TEXT)
    format = column.dictionary.format if column.dictionary else column.format
    if format in formats:
        return None
    return f"holds {_WORDS.get(format[0], f'`{format}`')}, and `{name}` is read from {wanted}: cast it"
