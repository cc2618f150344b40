"""What users see of the package, and that seeing it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import meshegress

QUIET_IMPORT = """
import sys, time, datetime

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith((".py", ".pyc", ".so", ".pyd")):
        return  # how Python itself finds modules
    if event.split(".")[0] in {"open", "socket", "subprocess"}:
        raise SystemExit(f"{event} {arguments}")

def clock(*_):
    raise SystemExit("asked the clock")

import importlib, typing, __future__
sys.addaudithook(watch)
time.time = time.monotonic = time.perf_counter = time.time_ns = clock
import meshegress
assert not {"pydantic", "yaml", "socket"} & sys.modules.keys()
"""


def test_every_public_name_is_there() -> None:
    """Each name of ``__all__`` can be had, and ``dir`` shows them."""
    for name in meshegress.__all__:
        assert getattr(meshegress, name) is not None
    assert dir(meshegress) == sorted(meshegress.__all__)


def test_unknown_name_is_refused() -> None:
    """A name that is not public is an AttributeError, as of any module."""
    assert not hasattr(meshegress, "firewall")


def test_import_opens_nothing() -> None:
    """Importing the package opens no file or socket, asks no clock and loads neither pydantic nor YAML."""
    result = subprocess.run([sys.executable, "-c", QUIET_IMPORT], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
