"""Run the command in this process, on resources that are there."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest import mock

from meshegress.cli import main

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
ALLOW_ANY, REGISTRY_ONLY, ENTRIES = (str(QUICKSTART / name) for name in ("allow-any", "registry-only", "entries"))
COMMAND = [sys.executable, "-m", "meshegress"]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run the command in this process and return what came of it; it never raises anything but its exit."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin))),
    ):
        try:
            code = main(arguments)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def without_summary(stderr: str) -> str:
    """Return *stderr* without its line that says what was read."""
    return "".join(line for line in stderr.splitlines(keepends=True) if not line.startswith("meshegress: read "))
