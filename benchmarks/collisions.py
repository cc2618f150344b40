"""Names that share one bucket of the compiled table: the hash of ``names.h``, said again for names to 32 bytes."""

from __future__ import annotations

from itertools import count

MASK = (1 << 64) - 1


def colliding_names(wanted: int, size: int) -> list[str]:
    """Return *wanted* names that all belong into the first bucket of a table of *size* names, in this process."""
    seed = _seed(hash("meshegress") & MASK)
    buckets = size * 2 // 9 + 1
    names = (f"n{number:x}" for number in count())
    found = []
    while len(found) < wanted:
        name = next(names)
        if (_hash(name, seed) & 0xFFFFFFFF) * buckets >> 32 == 0:
            found.append(name)
    return found


def _seed(state: int) -> list[int]:
    seed = []
    for _ in range(4):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        seed.append((state ^ (state >> 31)) * 0xD6E8FEB86659FD93 & MASK | 1)
    return seed


def _hash(name: str, seed: list[int]) -> int:
    window = name.encode().rjust(32, b"\0")
    words = [int.from_bytes(window[at : at + 8], "little") ^ seed[at // 8] for at in range(0, 32, 8)]
    return _fold_multiply(words[0], words[1]) ^ _fold_multiply(words[2], words[3])


def _fold_multiply(one: int, other: int) -> int:
    product = one * other
    return (product & MASK) ^ (product >> 64)
