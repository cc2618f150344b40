"""Python's garbage collector, held still while very many objects are made that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Hold the collector inside the block; what it would walk again and again is all in use.

    >>> with gc_paused():
    ...     gc.isenabled()
    False
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > _VERY_MANY:
            _count_as_old()
        gc.enable()


#: Fewer new objects are left to the collector, which then finds those among them that nobody holds any more.
_VERY_MANY = 100_000


def _count_as_old() -> None:
    """Put what was made among the old objects, so that the next small collection does not walk all of it.

    Freezing and unfreezing does that without looking at a single object; it is left alone where the program has
    frozen objects of its own.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
        gc.unfreeze()
