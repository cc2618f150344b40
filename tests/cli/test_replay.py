"""``meshegress replay``: what it prints, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.command import ALLOW_ANY, ENTRIES, run

LINES = (
    '[2026-11-20T08:15:31.001Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 34 5 4 "-" "curl" "-" "a.example.com" '
    '"203.0.113.9:80" PassthroughCluster 10.8.1.4:50000 203.0.113.9:80 10.8.1.4:40000 - allow_any',
    '[2026-11-20T08:15:32.001Z] "GET /y HTTP/1.1" 200 - via_upstream - "-" 0 34 5 4 "-" "curl" "-" "httpbin.org" '
    '"203.0.113.9:80" outbound|80||httpbin.org 10.8.1.4:50000 203.0.113.9:80 10.8.1.4:40000 - default',
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    """A log of a request that nothing declares, and one that an entry does."""
    path = tmp_path / "access.log"
    path.write_text("".join(f"{line}\n" for line in LINES), encoding="utf-8")
    return str(path)


def test_what_a_policy_would_block_is_said_and_fails(log: str) -> None:
    """The row says what the log says, what is predicted, and why nothing declares it."""
    found = run("replay", ENTRIES, "--log", log, "--policy", "REGISTRY_ONLY", "--fail-on", "blocked")
    assert found.returncode == 1
    assert "1 kept, 1 blocked, 0 opened, 0 moved, 0 changed status" in found.stdout
    assert "default -> http://a.example.com:80" in found.stdout
    assert (
        "was PassthroughCluster; now PassthroughCluster; then block_all (502 direct_response): blocked" in found.stdout
    )
    assert "why: no entry names `a.example.com`" in found.stdout
    assert "1 requests: blocked" in found.stderr


def test_without_a_candidate_it_says_what_nothing_declares(log: str) -> None:
    """Then there is nothing to fail."""
    found = run("replay", ENTRIES, "--log", log)
    assert found.returncode == 0
    assert "Nothing declares where these go:" in found.stdout


def test_other_files_are_the_candidate(log: str) -> None:
    """Rows that move are said as JSON, too."""
    found = run("replay", ENTRIES, "--log", log, "--against", ALLOW_ANY, "-o", "json")
    assert json.loads(found.stdout)["counts"] == {
        "kept": 1,
        "blocked": 0,
        "opened": 0,
        "moved": 1,
        "changed status": 0,
        "disagrees": 0,
    }


def test_filters_and_the_sampling_factor(log: str) -> None:
    """Only entries that are wanted count, each for as many requests as it stands for."""
    found = run("replay", ENTRIES, "--log", log, "--since", "2026-11-20T08:15:32Z", "--sampled", "10", "-o", "json")
    assert [(row["host"], row["count"]) for row in json.loads(found.stdout)["rows"]] == [("httpbin.org", 10)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["replay", ENTRIES], "the logs are missing", id="no log"),
        pytest.param(["replay", ENTRIES, "--log", "x", "--fail-on", "all"], "`all` is not one of", id="a word"),
        pytest.param(["replay", ENTRIES, "--log", "x", "--sampled", "0"], "how many requests", id="a factor"),
    ],
)
def test_what_cannot_be_answered(arguments: list[str], message: str) -> None:
    """It is a usage error that says what is wrong."""
    found = run(*arguments)
    assert (found.returncode, message in found.stderr) == (2, True)
