"""Which files of a folder are read, and what is not entered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})

#: Folders of what others wrote, which programs put there.
_OF_OTHERS = frozenset({"node_modules", "vendor"})


class FoundFile(NamedTuple):
    """A file to read; *is_kustomization* where its name says that it is one of kustomize's."""

    name: str
    is_kustomization: bool = False


@dataclass(frozen=True, slots=True)
class NotEntered:
    """A folder that is left alone, and why."""

    name: str
    message: str
    help: str


def files_in(folder: str, exclude: Sequence[str] = ()) -> Iterator[FoundFile | NotEntered]:
    """Give the YAML and JSON files below *folder*, sorted by path, but for what is hidden or fits *exclude*.

    Folders of other people's packages and links to folders elsewhere are not entered, and given as such.
    """
    root = os.path.normpath(folder)
    yield from _files_in(root, "" if root == os.curdir else root + os.sep, os.path.realpath(root), exclude)


def _files_in(
    folder: str, prefix: str, real_root: str, exclude: Sequence[str], below: str = ""
) -> Iterator[FoundFile | NotEntered]:
    """Give the files in *folder*, whose names begin with *prefix*; *below* is the way there from the root."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield NotEntered(folder, f"the folder cannot be read: {(error.strerror or str(error)).lower()}", "")
        return
    for entry in entries:
        name = entry.name
        if name.startswith(".") or (exclude and is_excluded(below + name, exclude)):
            continue
        full = prefix + name
        if _is_folder(entry):
            if (left := _left_alone(entry, full, real_root)) is not None:
                yield from left
            else:
                yield from _files_in(full, full + os.sep, real_root, exclude, f"{below}{name}/")
        elif name.lower().endswith(SUFFIXES) or name in KUSTOMIZATIONS:
            yield FoundFile(full, name in KUSTOMIZATIONS)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _left_alone(entry: os.DirEntry[str], name: str, real_root: str) -> tuple[NotEntered, ...] | None:
    """Return what is to be said of a folder that is not entered; None for one that is."""
    if entry.is_symlink():
        real = os.path.realpath(name)
        if real == real_root or real.startswith(real_root + os.sep):
            return ()  # what it leads to is read where it stands
        return (NotEntered(name, f"a link to the folder `{real}` is not followed", "name that folder to read it"),)
    if entry.name in _OF_OTHERS:
        return (NotEntered(name, "a folder of other people's packages is not entered", "name it to read it"),)
    return None


def is_excluded(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether one of *patterns* fits *path*, one of the folders above it, or the last part of either.

    A ``*`` stands for any text, slashes included.

    >>> is_excluded("apps/dev/entry.yaml", ["dev"]), is_excluded("apps/dev/entry.yaml", ["apps/*/entry.yaml"])
    (True, True)
    >>> is_excluded("apps/develop/entry.yaml", ["dev"])
    False
    """
    if not patterns:
        return False
    parts = path.replace(os.sep, "/").strip("/").split("/")
    ways = [name for end in range(1, len(parts) + 1) for name in ("/".join(parts[:end]), parts[end - 1])]
    return any(_fits(way, pattern) for pattern in patterns for way in ways)


def _fits(way: str, pattern: str) -> bool:
    pattern = pattern.removeprefix("./").rstrip("/").removesuffix("/**")
    return fnmatchcase(way, pattern) or (pattern.startswith("**/") and fnmatchcase(way, pattern[3:]))
