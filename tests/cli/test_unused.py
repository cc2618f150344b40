"""``meshegress unused``: what no request needed, and how much that says."""

from __future__ import annotations

import json
from pathlib import Path

from cli.command import ENTRIES, run

LOG = str(Path(__file__).parents[2] / "examples" / "from-logs" / "access.log")


def test_what_no_request_needed() -> None:
    """The entry, its place, and on what this rests."""
    found = run("unused", ENTRIES, "--log", LOG)
    assert found.returncode == 0
    assert "ServiceEntry `default/httpbin-ext`" in found.stdout
    assert found.stdout.endswith("no request in 7.5 seconds, among 5\n")


def test_as_json() -> None:
    """Names, hosts, ports, and the time and number of the requests."""
    found = json.loads(run("unused", ENTRIES, "--log", LOG, "-o", "json").stdout)
    assert [(each["name"], each["hosts"], each["is_whole"]) for each in found["unused"]] == [
        ("httpbin-ext", ["httpbin.org"], True)
    ]
    assert found["requests"] == 5
