"""The compiled twins hold ready-made objects of one interpreter, and say so to every other."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType

import pytest

ASK = """
import os, sys
sys.path[:] = {path!r}
try:
    from meshegress.{twin} import DomainTable
    answer = str(DomainTable([["a.com"]]).find("A.COM"))
except ImportError as error:
    answer = f"ImportError: {{error}}"
os.write({pipe}, answer.encode())
"""


def _interpreters() -> ModuleType:
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return import_module(name)
        except ImportError:
            continue
    pytest.skip("this Python makes no interpreters")


def answer_of(twin: str) -> str:
    """Return what a table of *twin* finds in another interpreter, or why there is none."""
    interpreters = _interpreters()
    other = interpreters.create()
    read, write = os.pipe()
    try:
        interpreters.run_string(other, ASK.format(path=sys.path, twin=twin, pipe=write))
        return os.read(read, 1000).decode()
    finally:
        interpreters.destroy(other)
        os.close(read)
        os.close(write)


def test_another_interpreter_is_refused_in_words(compiled: ModuleType) -> None:
    """A second interpreter gets an ImportError that names the cause, and the first one's tables answer on."""
    table = compiled.DomainTable([["a.com"]])
    assert "ImportError" in (answer := answer_of("_fastmatch"))
    assert "interpreter" in answer
    assert table.find("A.COM") == 0


def test_the_readable_twin_runs_anywhere() -> None:
    """Each interpreter may have it."""
    assert answer_of("_purematch") == "0"
