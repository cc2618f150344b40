"""Goals D5 and D6: a folder of files that are none of the mesh's business, and what findings cost beside objects."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.entries import Document, as_json, as_yaml, kubectl_yaml, printed_entries, short_entries
from benchmarks.goals import Result, compare
from benchmarks.rounds import interleaved
from meshegress.loading import check

FILES = 18_000
ENTRIES = 10_000
ROUNDS = 5


def results(largest: int) -> Iterator[Result]:
    """Yield all ratios."""
    yield _foreign(min(FILES, largest))
    count = min(ENTRIES, largest)
    short, printed = short_entries(count), printed_entries(count)
    yield _findings("short documents", as_yaml(short), as_yaml(_wrong(short)), count)
    yield _findings("kubectl documents", kubectl_yaml(printed), kubectl_yaml(_wrong(printed)), count)
    yield _findings("kubectl -o json", as_json(printed), as_json(_wrong(printed)), count)


def _foreign(count: int) -> Result:
    """Return what a folder of *count* foreign files takes, against reading them and looking for a word."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [_write(folder, number) for number in range(count)]

        def read(_: None) -> int:
            return sum(b"apiVersion" in path.read_bytes() for path in paths)

        times = interleaved({"check": lambda _: check(folder), "read": read}, lambda: None, count, rounds=ROUNDS)
    return compare("D5", f"{count} files", times, "check", "read")


def _write(folder: Path, number: int) -> Path:
    """Write the values of a chart, as there are many in a repository."""
    draw = random.Random(number)
    path = folder / f"app-{number % 300}" / f"values-{number}.yaml"
    path.parent.mkdir(exist_ok=True)
    lines = [
        f"key{draw.randrange(999)}: value\nlist{row}:\n- name: a\n  size: {row}\n" for row in range(draw.randrange(40))
    ]
    path.write_text("replicas: 2\nimage: {repository: x, tag: y}\n" + "".join(lines), encoding="utf-8")
    return path


def _findings(data: str, sound: str, wrong: str, count: int) -> Result:
    """Return what *wrong* takes, of which each tenth object has a mistake, against the *sound* text."""
    expected = -(-count // 10)
    found = len(check(wrong)[1])
    if found != expected:
        raise SystemExit(f"{data}: {found} findings, where {expected} were written")
    times = interleaved(
        {"wrong": lambda _: check(wrong), "sound": lambda _: check(sound)}, lambda: None, count, rounds=ROUNDS
    )
    return compare("D6", data, times, "wrong", "sound")


def _wrong(entries: list[Document]) -> list[Document]:
    """Return *entries* with a field that does not exist in each tenth."""
    return [_misspelt(entry) if number % 10 == 0 else entry for number, entry in enumerate(entries)]


def _misspelt(entry: Document) -> Document:
    return {**entry, "spec": {**entry["spec"], "locatoin": "MESH_EXTERNAL"}}
