"""Which twin runs is decided by the environment, and a broken extension is never passed over."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

SHOW = "from meshegress import _match; print(_match.IMPLEMENTATION)"
BUILT = find_spec("meshegress._fastmatch") is not None
# Stands before the import: a finder that has the compiled twins, and cannot load them.
BREAK = """
import sys
class Broken:
    def find_spec(name, path, target=None):
        if name == "meshegress._fastmatch" or name.startswith("meshegress._engine.native."):
            raise ImportError("undefined symbol")
sys.meta_path.insert(0, Broken)
"""
HIDE = BREAK.replace('ImportError("undefined symbol")', "ModuleNotFoundError(name, name=name)")


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a Python of its own, with nothing in its environment but *environment*."""
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_pure_on_request() -> None:
    """``MESHEGRESS_PURE=1`` takes the readable twins."""
    assert run(SHOW, MESHEGRESS_PURE="1").stdout == "pure\n"


@pytest.mark.skipif(not BUILT, reason="`_fastmatch` is not built")
def test_compiled_by_default() -> None:
    """Where the extension is built, it runs."""
    assert run(SHOW).stdout == "compiled\n"


def test_readable_where_nothing_is_built() -> None:
    """Without the extension the reference twin answers."""
    assert run(HIDE + SHOW).stdout == "pure\n"


def test_required_extension_is_missed() -> None:
    """``MESHEGRESS_REQUIRE_EXT=1`` forbids falling back."""
    assert "ImportError: `meshegress._fastmatch` is not built" in run(HIDE + SHOW, MESHEGRESS_REQUIRE_EXT="1").stderr


def test_broken_extension_is_an_error() -> None:
    """An extension that cannot be loaded is told, not replaced."""
    assert "ImportError: undefined symbol" in run(BREAK + SHOW).stderr


def test_contradiction_is_told() -> None:
    """To ask for both twins at once is an error."""
    assert "contradict" in run(SHOW, MESHEGRESS_PURE="1", MESHEGRESS_REQUIRE_EXT="1").stderr
