"""Tables never change, so any number of threads may ask while others put new tables in their place."""

from __future__ import annotations

import threading
from types import ModuleType

ROUNDS = 50
READERS = 8


def table_of(matcher: ModuleType, generation: int) -> object:
    """Return a table in which every host of *generation* has the row ``generation % 7``."""
    empty: list[list[str]] = [[] for _ in range(generation % 7)]
    return matcher.DomainTable(
        [*empty, [f"host-{number}.g{generation}.com" for number in range(200)] + ["*.every.com"]]
    )


def test_readers_see_whole_tables(matcher: ModuleType) -> None:
    """A reader finds all of one table, whichever it was, while it is swapped for others and freed."""
    current = [(0, table_of(matcher, 0))]
    is_over = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not is_over.is_set():
            generation, table = current[0]
            names = [f"HOST-{number}.g{generation}.com:80" for number in range(0, 200, 20)] + ["a.every.com", "no.com"]
            expected = [generation % 7] * (len(names) - 1) + [matcher.NO_MATCH]
            found = table.find_many(names), [table.find(name) for name in names]  # type: ignore[attr-defined]  # of either twin
            if found != (expected, expected):
                wrong.append((generation, found))

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for generation in range(1, ROUNDS):
        current[0] = (generation, table_of(matcher, generation))
    is_over.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_batch_may_be_changed_meanwhile(matcher: ModuleType) -> None:
    """A list that others shorten and fill while it is looked up gives rows of what stood in it, and no crash."""
    table = matcher.DomainTable([["a.com"], ["*.b.com"]])
    texts = ["a.com", "x.b.com", "ü.b.com"] * 100
    is_over = threading.Event()

    def change() -> None:
        while not is_over.is_set():
            del texts[5:]
            texts.extend(["a.com", "é" * 70, "x.b.com"] * 100)

    changer = threading.Thread(target=change)
    changer.start()
    found = {row for _ in range(100) for row in table.find_many(texts)}
    is_over.set()
    changer.join()
    assert found <= {0, 1, matcher.NO_MATCH}
