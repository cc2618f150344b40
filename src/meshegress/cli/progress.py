"""A sign of life: on a terminal, what takes more than two seconds says that it goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_SECONDS = 2.0
NEXT_SECONDS = 0.5


@contextmanager
def progress(doing: str, *, first: float = FIRST_SECONDS) -> Iterator[None]:
    """Say on standard error, where it is a terminal, for how long *doing* goes on; nothing stays of it."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_tell, args=(doing, first, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tell(doing: str, first: float, done: threading.Event) -> None:
    begin = time.monotonic()
    wait, is_told = first, False
    while not done.wait(wait):
        print(f"\r{doing}: {time.monotonic() - begin:.0f} s", end="\x1b[K", file=sys.stderr, flush=True)
        wait, is_told = NEXT_SECONDS, True
    if is_told:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
