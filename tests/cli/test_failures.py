"""Whatever goes wrong is one message on standard error, JSON where JSON was asked for, and the right exit code."""

from __future__ import annotations

import json
import os
import subprocess
from unittest import mock

import pytest

import meshegress
from cli.command import ALLOW_ANY, COMMAND, ENTRIES, run
from meshegress.cli.failures import CODES

URL = "https://www.baidu.com/"


def raising(error: BaseException) -> mock._patch[mock.MagicMock]:
    """Return a context in which the resources cannot be read because of *error*."""
    return mock.patch("meshegress.check", side_effect=error)


@pytest.mark.parametrize("verb", ["decide", "explain", "check"])
def test_an_internal_error_says_what_to_report(verb: str) -> None:
    """The error, where it came from, what ran, and that it is not the user's fault; without a traceback."""
    with raising(ZeroDivisionError("of all things")):
        result = run(*[verb, ENTRIES, URL][: 2 if verb == "check" else 3])
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("meshegress: internal error: ZeroDivisionError: of all things\n  at ")
    assert f"meshegress/cli/{verb}.py:" in result.stderr
    assert f"meshegress {meshegress.__version__} (" in result.stderr
    assert "please report" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_internal_error_is_json_too() -> None:
    """With the code ``internal``."""
    with raising(RecursionError("too deep")):
        result = run("check", ENTRIES, "--json")
    assert result.returncode == 3
    assert json.loads(result.stderr)["error"]["code"] == "internal"


ERRORS = {
    "usage": ("decide", ENTRIES, URL, "--bogus", "-o", "json"),
    "resources": ("decide", "absent.yaml", URL, "--output=json"),
    "request": ("decide", ENTRIES, "ftp://a.com/", "--json"),
    "file": ("decide", ENTRIES, "--requests", "absent.txt", "-ojson"),
    "input": ("decide", ENTRIES, "--requests", "-", "-o", "jsonl"),
}


@pytest.mark.parametrize("code", ERRORS)
def test_errors_are_json_where_json_was_asked_for(code: str) -> None:
    """One line with code, message and findings, however the format was written."""
    result = run(*ERRORS[code], stdin=b"nope\n")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    error = json.loads(line)["error"]
    assert (error["code"], list(error)) == (code, ["code", "message", "findings"])


def test_findings_stand_in_the_json_error() -> None:
    """Each with code and place, as ``check`` prints them."""
    error = json.loads(run("decide", "absent.yaml", URL, "--json").stderr)["error"]
    assert [(finding["code"], finding["file"]) for finding in error["findings"]] == [("EG001", "absent.yaml")]


def test_every_code_is_a_word_of_its_own() -> None:
    """The table has each kind of error once, narrower ones before what they are kinds of."""
    kinds = [kind for kind, _ in CODES]
    assert len({code for _, code in CODES}) == len(CODES)
    assert [(a, b) for i, a in enumerate(kinds) for b in kinds[i + 1 :] if issubclass(b, a)] == []


def test_a_broken_installation_is_told() -> None:
    """Not as a fault of this program, and not with a traceback: the user can mend it."""
    result = subprocess.run(
        [*COMMAND, "check", ENTRIES],
        env=os.environ | {"MESHEGRESS_PURE": "1", "MESHEGRESS_REQUIRE_EXT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "meshegress: MESHEGRESS_PURE=1 and MESHEGRESS_REQUIRE_EXT=1 contradict each other: unset one\n"
    )


def test_too_little_memory_is_not_an_internal_error() -> None:
    """The user can do something about it."""
    with raising(MemoryError()):
        result = run("check", ENTRIES)
    assert (result.returncode, result.stderr) == (
        2,
        "meshegress: there is not enough memory: load less at once, or set `--limit`\n",
    )


def test_notes_are_json_lines_beside_json() -> None:
    """So standard error can be read by a program, whatever happens."""
    result = run("decide", ALLOW_ANY, ENTRIES, URL, "--method", "POST", "--expect", "blackhole", "--json")
    note, read, error = map(json.loads, result.stderr.splitlines())
    assert (result.returncode, note["note"]["code"], error["error"]["code"]) == (1, "inside_tls", "expectation")
    assert read["note"] == {
        "code": "read",
        "message": "read 3 documents of 3 files: 2 ServiceEntries, 1 mesh configuration",
    }


def test_long_values_are_cut_in_messages() -> None:
    """A URL of a million letters is bad input, not a screen full of it."""
    result = run("decide", ENTRIES, "x" * 1_000_000, "--mesh", f"{ALLOW_ANY}/istio.yaml")
    assert result.returncode == 2
    assert len(result.stderr) < 2000


def test_what_was_asked_does_no_harm_to_the_terminal() -> None:
    """Control characters are escaped in results and in messages."""
    lines = b"http://a.com/\x1b]0;owned\x07\n"
    result = run("decide", ENTRIES, "--requests", "-", stdin=lines)
    assert "\x1b" not in result.stdout + result.stderr
    assert "\\x1b]0;owned\\x07" in result.stderr


def test_check_tells_what_cannot_be_opened_from_what_is_wrong() -> None:
    """A file that is not there ends with 2, beside others, too, whose findings are printed."""
    assert run("check", "absent.yaml").returncode == 2
    both = run("check", ENTRIES, "absent.yaml")
    assert (both.returncode, both.stdout.splitlines()[0]) == (2, "absent.yaml: no such file or directory [EG001]")
    assert run("check", ENTRIES).returncode == 0
