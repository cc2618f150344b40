"""A folder as it is at another commit: read from git's objects, without a checkout."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path

from meshegress.cli.exits import UsageError

_FILES = (b"100644", b"100755")


@contextmanager
def at_revision(revision: str, paths: Sequence[str]) -> Iterator[dict[str, str]]:
    """Go, for a while, to a folder in which *paths* are as they are at *revision*; give the names of those there.

    These are relative to the folder that was left, so that places in files read as they do there.

    Raises UsageError where this is not a git repository, or it does not know *revision*.
    """
    here = Path.cwd()
    top = Path(os.fsdecode(_git(here, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    commit = _git(here, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", of=revision)
    inside = here.resolve().relative_to(top.resolve())
    names = {path: os.path.relpath(path, here) if Path(path).is_absolute() else path for path in paths}
    with tempfile.TemporaryDirectory(prefix="meshegress-") as folder:
        there = Path(folder, inside)
        there.mkdir(parents=True, exist_ok=True)
        for path in names.values():
            _write(top, commit.decode().strip(), os.path.normpath(inside / path), Path(folder))
        with chdir(there):
            yield {path: name for path, name in names.items() if _has_files(Path(name))}


def _has_files(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(each.is_file() for each in path.rglob("*")))


def _write(top: Path, commit: str, path: str, folder: Path) -> None:
    """Write the files below *path* as they are at *commit* into *folder*."""
    if path.startswith(".."):
        raise UsageError(f"--git: `{path}` is outside of the repository")
    below = () if path == "." else ("--", path)
    rows = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit, *below).split(b"\0")[:-1]
    told = ((mode_and_blob.split(b" "), name) for mode_and_blob, _, name in (row.partition(b"\t") for row in rows))
    blobs = {os.fsdecode(name): words[2] for words, name in told if words[0] in _FILES}
    for name, data in zip(blobs, _contents(top, list(blobs.values())), strict=True):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _contents(top: Path, blobs: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what each of *blobs* holds; git writes a line that ends in the size, the bytes and a newline for each."""
    rest = memoryview(_git(top, "cat-file", "--batch", given=b"".join(blob + b"\n" for blob in blobs)))
    start = 0
    for _ in blobs:
        head = bytes(rest[start : start + 200]).partition(b"\n")[0]
        start += len(head) + 1
        size = int(head.rpartition(b" ")[2])
        yield bytes(rest[start : start + size])
        start += size + 1


def _git(folder: Path, *arguments: str, of: str = "", given: bytes = b"") -> bytes:
    try:
        found = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False, input=given)
    except FileNotFoundError:
        raise UsageError("--git: there is no command `git` here") from None
    if found.returncode:
        said = found.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise UsageError(f"--git: {f'`{of}` is not a commit of this repository' if of else said}")
    return found.stdout
