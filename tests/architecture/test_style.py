"""The rules of style that a program can hold: sizes, names, debris, and what has no place in the project."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "examples", "benchmarks")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SOURCES = [*FILES, *sorted((ROOT / "src").rglob("*.pyx"))]
TEXTS = [*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "Makefile", ROOT / "constraints.txt"]

MODULE_LINES = 380  # about 350, and a little air
FUNCTION_LINES = 60
REFUSED = re.compile(r"^(get|do|handle|process)_|^(utils?|helpers?|common|misc)$")
WELL_KNOWN = {"do_GET", "do_POST", "get_line_col"}
DEBRIS = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")))
MACHINE = re.compile(
    "|".join((r"(?<![\w.])/" + r"work/", r"(?<![\w.])/" + r"root/", r"index-" + r"url", r"pypi\." + r"org"))
)


def name_of(path: Path) -> str:
    """Return *path* as seen from the project's root."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of the module at *path*."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_module_has_a_liveable_size(path: Path) -> None:
    """A module that has outgrown its size becomes two."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short_and_well_named(path: Path) -> None:
    """A function is split at sixty lines, and its name says what it gives."""
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno >= FUNCTION_LINES]
    refused = [f.name for f in functions(path) if REFUSED.search(f.name) and f.name not in WELL_KNOWN]
    assert (long, refused, bool(REFUSED.search(path.stem))) == ([], [], False)


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_text_is_the_projects_own(path: Path) -> None:
    """No debris, no path of one machine, no address of a registry."""
    content = path.read_text(encoding="utf-8")
    found = [] if path == Path(__file__) else [match[0] for match in DEBRIS.finditer(content)]
    assert found + [match[0] for match in MACHINE.finditer(content)] == []
