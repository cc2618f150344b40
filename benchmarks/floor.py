"""The floor under everything compiled: calls that do nothing, as Cython compiles by default, and at their leanest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from sysconfig import get_config_var
from types import ModuleType

SOURCE = """
# cython: language_level=3
cimport cython

cdef class Bare:
    def find(self, str text):
        return 7

    @cython.binding(False)
    def lean(self, text):
        return 7

def decide(egress, request):
    return 7
"""
PLACE = Path("build/benchmarks")
BUILD = "from setuptools import Extension, setup; setup(name='floor', ext_modules=[Extension('floor', ['floor.c'])])"


def bare_methods() -> tuple[Callable[[str], int], Callable[[str], int]]:
    """Return a compiled method of one text that returns a number; and one that does not even look what it is given."""
    bare = _floor().Bare()
    return bare.find, bare.lean


def bare_function() -> Callable[[object, object], int]:
    """Return a compiled function of two arguments that returns a number."""
    decide: Callable[[object, object], int] = _floor().decide
    return decide


@cache
def _floor() -> ModuleType:
    source, built = PLACE / "floor.pyx", PLACE / f"floor{get_config_var('EXT_SUFFIX')}"
    if not built.exists() or source.read_text(encoding="utf-8") != SOURCE:
        PLACE.mkdir(parents=True, exist_ok=True)
        source.write_text(SOURCE, encoding="utf-8")
        for command in (["-m", "cython", "-3", source.name], ["-c", BUILD, "-q", "build_ext", "--inplace", "--force"]):
            subprocess.run([sys.executable, *command], cwd=PLACE, check=True, capture_output=True)
    spec = spec_from_file_location("floor", built)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
