"""Every code block of the documentation runs, and shows what it says.

A ``python`` block is executed, and those of one page share their names; ``pycon`` is a doctest; in ``console`` the
commands after ``$`` run and print what follows them, where something does; ``yaml`` and ``json`` are read.
``text``, and ``sh`` for commands that set up a machine, are left alone; other words are refused.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from meshegress.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Names = dict[str, object]


def blocks(page: Path) -> Iterator[tuple[str, str, int]]:
    """Yield language, text and line of each block of *page*."""
    content = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(content):
        yield match[1], match[2], content.count("\n", 0, match.start()) + 1


def run_python(text: str, names: Names) -> None:
    """Execute *text*."""
    exec(compile(text, "<documentation>", "exec"), names)


def run_doctest(text: str, names: Names) -> None:
    """Run *text* as an interactive session."""
    test = doctest.DocTestParser().get_doctest(text, names, "documentation", None, 0)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert runner.run(test, out=report.write, clear_globs=False).failed == 0, report.getvalue()
    names.update(test.globs)


def run_console(text: str, _names: Names) -> None:
    """Run each command of *text* and compare what it prints with the lines below it."""
    for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = command.partition("\n")
        program, *arguments = shlex.split(line)
        assert program == "meshegress"
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            main(arguments)
        assert not expected.strip() or printed.getvalue().rstrip() == expected.rstrip()


def read_yaml(text: str, _names: Names) -> None:
    """Read *text* as YAML."""
    assert list(yaml.safe_load_all(text))


def read_json(text: str, _names: Names) -> None:
    """Read *text* as JSON."""
    json.loads(text)


def leave(_text: str, _names: Names) -> None:
    """Run nothing."""


LANGUAGES: dict[str, Callable[[str, Names], None]] = {
    "python": run_python,
    "pycon": run_doctest,
    "console": run_console,
    "yaml": read_yaml,
    "json": read_json,
    "sh": leave,
    "text": leave,
    "{toctree}": leave,
    "{eval-rst}": leave,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each block of the page does what it says, in a folder that has the examples and is thrown away."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: Names = {"__name__": page.stem}
    for language, text, line in blocks(page):
        assert language in LANGUAGES, f"{page.name}:{line}: `{language}`"
        LANGUAGES[language](text, names)
    capsys.readouterr()


LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: `{target}`"
