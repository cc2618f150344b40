"""The streams of a process: closed, full, in another encoding, interrupted; and garbage at every door."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.command import ALLOW_ANY, COMMAND, ENTRIES, REGISTRY_ONLY, run, without_summary
from meshegress.cli.progress import progress

EXPLAIN = ["explain", REGISTRY_ONLY, ENTRIES, "https://www.baidu.com/"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="file descriptors are closed by a shell")


def process(*arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process of its own, with *shell* behind it, such as ``>&-``."""
    variables = os.environ | environment
    through = ["sh", "-c", f'"$@" {shell}', "sh"] if shell else []
    words = [*through, *COMMAND, *arguments]
    return subprocess.run(words, env=variables, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("encoding", "stage"),
    [
        pytest.param("ascii", b"0.0.0.0_443 - 0.0.0.0 takes", id="ascii"),
        pytest.param("cp1252", b"0.0.0.0_443 \x96 0.0.0.0 takes", id="cp1252"),
        pytest.param("utf-8", "0.0.0.0_443 – 0.0.0.0 takes".encode(), id="utf-8"),
    ],
)
def test_any_encoding_can_show_the_walk(encoding: str, stage: bytes) -> None:
    """What a stream cannot show is written plainly."""
    result = process(*EXPLAIN, PYTHONIOENCODING=encoding)
    assert (result.returncode, without_summary(result.stderr.decode())) == (0, "")
    assert stage in result.stdout
    assert (b"-> outbound|443||" in result.stdout) == (encoding != "utf-8")


def test_names_that_no_encoding_has_are_escaped() -> None:
    """A file name of odd bytes is shown, even in UTF-8."""
    result = process("check", os.fsdecode(b"\xff.yaml"), PYTHONIOENCODING="utf-8")
    assert (result.returncode, result.stderr.splitlines()[0]) == (
        2,
        b"meshegress: \\xff.yaml: no such file or directory [EG001]",
    )


@POSIX
@pytest.mark.parametrize(
    ("shell", "code"),
    [
        pytest.param(">&-", 0, id="no standard output"),
        pytest.param("2>&-", 0, id="no standard error"),
        pytest.param("<&-", 0, id="no standard input"),
        pytest.param(">/dev/full", 2, id="a full disk"),
    ],
)
def test_streams_may_be_closed_or_full(shell: str, code: int) -> None:
    """The exit code says how it went; a full disk is named, once."""
    result = process(*EXPLAIN, shell=shell)
    told = without_summary(result.stderr.decode()).splitlines()
    assert (result.returncode, len(told)) == (code, 1 if code else 0)
    assert b"Traceback" not in result.stderr


@POSIX
@pytest.mark.parametrize("arguments", [("check", "-"), ("decide", ENTRIES, "--requests", "-")])
def test_closed_standard_input_cannot_be_read(arguments: tuple[str, ...]) -> None:
    """That is a usage error."""
    result = process(*arguments, shell="<&-")
    assert (result.returncode, result.stderr) == (2, b"meshegress: standard input (`-`) is closed\n")


# Says when ctrl-C is this program's affair, and no longer Python's, which is starting.
READY = """
import sys
from meshegress.cli import main

print("ready", file=sys.stderr, flush=True)
sys.exit(main(sys.argv[1:]))
"""


def interrupted(*arguments: str) -> tuple[int, bytes, bytes]:
    """Return exit code and streams of the command that is interrupted after a while."""
    with subprocess.Popen(
        [sys.executable, "-c", READY, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr
        assert running.stderr.readline() == b"ready\n"
        time.sleep(0.5)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err


@POSIX
@pytest.mark.parametrize(
    "arguments",
    [("check", "-"), ("decide", "-", "http://a.com/"), ("explain", ENTRIES, "--requests", "-")],
    ids=["check", "decide", "explain"],
)
def test_ctrl_c_ends_a_process_that_waits(arguments: tuple[str, ...]) -> None:
    """130, and not a word."""
    assert interrupted(*arguments) == (130, b"", b"")


@POSIX
def test_ctrl_c_ends_a_process_that_works(tmp_path: Path) -> None:
    """In the middle of a large file, too."""
    entry = "kind: ServiceEntry\nspec: &a [{a: b}]\n---\n"
    (tmp_path / "large.yaml").write_text(entry * 200_000)
    assert interrupted("check", str(tmp_path)) == (130, b"", b"")


def test_what_takes_long_says_so_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """After a while, and nothing stays of it; elsewhere nothing is said."""
    with progress("reading", first=0.0):
        time.sleep(0.1)
    assert capsys.readouterr().err == ""
    with mock.patch.object(sys.stderr, "isatty", return_value=True), progress("reading", first=0.0):
        time.sleep(0.1)
    told = capsys.readouterr().err
    assert told.startswith("\rreading: 0 s")
    assert told.endswith("\r\x1b[K")


ODD = st.sampled_from(
    [
        *("", "-", "--", "=", "a=b", "a:b", "http://", "http://[::1", "tcp://1.2.3.4", "https://a.com:0/", "é", "{}"),
        *("\x00", "\udcff", "\n", "[", "*", "|||", "-1", "1e9", "::", "127.0.0.1", "shop/cart", "00", "@"),
        *("%s", "a" * 5000),
    ]
)
# Neither the folder that tests run in nor the whole machine is read.
VALUES = ODD | st.text(max_size=12).filter(lambda word: not word or not set(word) <= {".", "/"})
OPTIONS = st.sampled_from(
    [
        *("--mesh", "--istio", "--object-namespace", "--limit", "--workload", "--namespace", "--label", "--ip"),
        *("--metadata", "--requests", "--address", "--method", "--header", "--connect", "--first-bytes", "-o"),
        *("--expect", "--validation"),
    ]
)
WORDS = st.lists(st.tuples(OPTIONS, VALUES).map(list) | VALUES.map(lambda word: [word]), max_size=4)


@given(st.sampled_from(["decide", "explain", "check"]), WORDS, st.binary(max_size=60))
def test_garbage_at_every_door_is_an_answer_or_an_error(verb: str, words: list[list[str]], stdin: bytes) -> None:
    """No words and no bytes make an internal error, and none is silent."""
    asked = [word for group in words for word in group]
    result = run(verb, ALLOW_ANY, *asked, *(["http://a.com/"] if verb != "check" else []), stdin=stdin)
    assert result.returncode in (0, 1, 2), result.stderr
    assert result.stdout or result.stderr


@pytest.mark.parametrize("size", [1_000_000, 70_000_000])
def test_huge_input_is_an_error_that_names_it(size: int) -> None:
    """One line without end, below the limit and above it."""
    told = run("decide", ENTRIES, "--requests", "-", stdin=b"h" * size)
    assert (told.returncode, told.stdout) == (2, "")
    assert len(told.stderr) < 1000
    assert run("check", "-", stdin=b"\x00" * size).returncode == (1 if size < 64 << 20 else 2)
