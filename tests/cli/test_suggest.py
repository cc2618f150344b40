"""``meshegress suggest``: entries to be applied, with what speaks for each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import ENTRIES, REGISTRY_ONLY, run

LINE = (
    '[2026-11-20T08:15:31.001Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 34 5 4 "-" "curl" "-" "a.example.com" '
    '"203.0.113.9:80" PassthroughCluster 10.8.1.4:50000 203.0.113.9:80 10.8.1.4:40000 - allow_any\n'
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """A log of a request that nothing declares."""
    path = tmp_path / "access.log"
    path.write_text(LINE * 2, encoding="utf-8")
    return str(path)


def test_the_entries_can_be_applied(log: str, tmp_path: Path) -> None:
    """What is printed is YAML, with comments, and with it nothing is blocked."""
    found = run("suggest", ENTRIES, "--log", log)
    assert found.returncode == 0
    assert found.stdout.startswith(
        "# 2 requests, from 2026-11-20T08:15:31.001000+00:00 to 2026-11-20T08:15:31.001000+00:00\n# clients: default\n"
    )
    entries = tmp_path / "entries.yaml"
    entries.write_text(found.stdout, encoding="utf-8")
    replayed = run(
        "replay", ENTRIES, "--log", log, "--against", ENTRIES, REGISTRY_ONLY, str(entries), "--fail-on", "blocked"
    )
    assert replayed.returncode == 0


def test_entries_as_json(log: str) -> None:
    """The entry, and beside it what speaks for it."""
    (each,) = json.loads(run("suggest", ENTRIES, "--log", log, "--public", "-o", "json").stdout)
    assert (each["requests"], each["clients"], each["entry"]["spec"]["hosts"]) == (2, ["default"], ["a.example.com"])
