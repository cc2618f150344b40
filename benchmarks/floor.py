"""The floor under every compiled lookup: a call that does nothing, compiled as the library is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

SOURCE = """
# cython: language_level=3, binding=False
cdef class Bare:
    def find(self, text):
        return 7
"""
PLACE = Path("build/benchmarks")


def bare_call() -> Callable[[str], int]:
    """Return a compiled method of one argument that returns a number."""
    built = sorted(PLACE.glob("bare*.so")) + sorted(PLACE.glob("bare*.pyd"))
    if not built:
        PLACE.mkdir(parents=True, exist_ok=True)
        (PLACE / "bare.pyx").write_text(SOURCE, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "cython", "-3", "bare.pyx"], cwd=PLACE, check=True, capture_output=True)
        code = (
            "from setuptools import Extension, setup; setup(name='bare', ext_modules=[Extension('bare', ['bare.c'])])"
        )
        subprocess.run(
            [sys.executable, "-c", code, "-q", "build_ext", "--inplace"], cwd=PLACE, check=True, capture_output=True
        )
        return bare_call()
    spec = spec_from_file_location("bare", built[0])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    find: Callable[[str], int] = module.Bare().find
    return find
