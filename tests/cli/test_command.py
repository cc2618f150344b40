"""The command as a user meets it: a process with arguments, streams and an exit code."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

import meshegress
from cli.command import ALLOW_ANY, COMMAND, ENTRIES, REGISTRY_ONLY, run
from meshegress.cli import COMMANDS, main


def test_the_command_is_a_process() -> None:
    """``python -m meshegress`` hands the exit code on."""
    result = subprocess.run([*COMMAND, "decide", ALLOW_ANY, "no URL"], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("meshegress: `no URL`: ")


def test_version_says_which_twins_run() -> None:
    """The version is followed by ``compiled`` or ``pure``."""
    result = run("--version")
    assert (result.returncode, result.stdout) == (
        0,
        f"meshegress {meshegress.__version__} ({meshegress.IMPLEMENTATION})\n",
    )


def test_no_command_is_a_usage_error() -> None:
    """Without a subcommand the command says how it is used, and ends with 2."""
    result = run()
    assert result.returncode == 2
    assert result.stderr.startswith("usage: meshegress")


def test_help_for_all_waits_for_nothing() -> None:
    """Help for all commands imports neither a command nor what the library is built on."""
    asked = "import sys; from meshegress.cli import main\ntry: main(['--help'])\nexcept SystemExit: print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    modules = result.stdout.splitlines()[-1].split()
    assert {"pydantic", "yaml", "typing", "meshegress.errors", "meshegress.cli.decide"}.isdisjoint(modules)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """``--help`` works for each."""
    result = run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: meshegress {command}")


@pytest.mark.parametrize(
    ("arguments", "first_line", "code"),
    [
        pytest.param([ALLOW_ANY, "https://www.baidu.com/"], "PassthroughCluster", 0, id="nothing declared"),
        pytest.param([ALLOW_ANY, ENTRIES, "https://www.baidu.com/"], "outbound|443||www.baidu.com", 0, id="declared"),
        pytest.param(
            [ALLOW_ANY, ENTRIES, "https://www.baidu.com/", "--expect", "outbound|443||www.baidu.com"],
            "outbound|443||www.baidu.com",
            0,
            id="expected cluster",
        ),
        pytest.param(
            [ALLOW_ANY, "https://www.baidu.com/", "--expect", "outbound|443||www.baidu.com"],
            "PassthroughCluster",
            1,
            id="expectation fails",
        ),
        pytest.param(
            [REGISTRY_ONLY, ENTRIES, "http://example.com/", "--expect", "direct_response"],
            "block_all (502 direct_response)",
            0,
            id="expected outcome",
        ),
        pytest.param(
            [REGISTRY_ONLY, ENTRIES, "http://httpbin.org:8080/", "--expect", "BlackHoleCluster"],
            "BlackHoleCluster (blackhole)",
            0,
            id="black hole",
        ),
    ],
)
def test_decide_answers(arguments: list[str], first_line: str, code: int) -> None:
    """The first line is the answer, the only other one says why, and the exit code compares with the expectation."""
    result = run("decide", *arguments)
    answer, why = result.stdout.splitlines()
    assert (answer, why[:7], result.returncode) == (first_line, "  why: ", code)


def test_decide_says_why_in_one_line() -> None:
    """What decided is named with its place: the entry, or the policy where nothing is declared."""
    assert run("decide", REGISTRY_ONLY, ENTRIES, "https://www.baidu.com/").stdout.splitlines()[1] == (
        f"  why: governed by ServiceEntry `default/baidu` at {ENTRIES}/baidu.yaml:7:5 and {ENTRIES}/baidu.yaml:9:5"
    )
    assert run("decide", REGISTRY_ONLY, ENTRIES, "http://example.com/").stdout.splitlines()[1] == (
        "  why: nothing declares this, so the outboundTrafficPolicy decides: REGISTRY_ONLY "
        f"(MeshConfig `istio-system/istio`, {REGISTRY_ONLY}/istio.yaml:17:13)"
    )


def test_decide_says_what_it_assumed(tmp_path: Path) -> None:
    """Below an answer that is less than certain stands what was assumed, and what is possible, too."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(
            f"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: {name}, namespace: shop}}\n"
            f"spec: {{hosts: [{name}.com], ports: [{{number: 80, name: tcp, protocol: TCP}}]}}\n"
        )
    result = run("decide", str(tmp_path), "tcp://10.1.1.1:80", "--namespace", "shop")
    assert result.stdout.splitlines()[0] == "outbound|80||a.com"
    assert result.stdout.splitlines()[2].startswith("  assumed (equal_ages): the order of ServiceEntry `shop/a` and ")
    assert result.stdout.splitlines()[2].endswith("; possible too: outbound|80||b.com")


def test_explain_prints_the_walk() -> None:
    """Mesh configuration, each stage, what lost there, and the outcome."""
    result = run("explain", REGISTRY_ONLY, ENTRIES, "https://example.com/")
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (
        0,
        "meshegress: read 3 documents of 3 files: 2 ServiceEntries, 1 mesh configuration\n",
    )
    assert lines[0].startswith(f"mesh configuration of {REGISTRY_ONLY}/istio.yaml:12:5; outbound policy REGISTRY_ONLY")
    assert [line.split()[0] for line in lines[2:] if not line.startswith("   ")] == [
        *("listener", "inspectors", "filter", "cluster", "outcome", "note:")
    ]
    assert "no mesh configuration" in run("explain", ENTRIES, "http://example.com/").stdout


def test_two_mesh_configurations_are_named_both() -> None:
    """Which one should hold is not guessed in silence."""
    result = run("check", ALLOW_ANY, REGISTRY_ONLY)
    assert result.returncode == 0
    assert "allow-any/istio.yaml" in result.stdout
    assert "registry-only/istio.yaml" in result.stdout


BROKEN = b"""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: one, namespace: shop}
spec:
  hosts: ["*"]
  ports: [{number: 70000, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: two, namespace: shop}
spec:
  hosts: [a.com]
  ports: [{number: 80, name: a, protocol: FOO}]
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["check", "-"], 1, id="check"),
        pytest.param(["decide", "-", "http://a.com/"], 2, id="decide"),
        pytest.param(["explain", "-", "http://a.com/"], 2, id="explain"),
    ],
)
def test_every_problem_is_told_with_its_place_and_cure(arguments: list[str], code: int) -> None:
    """Several broken entries give all their problems at once, each with line and column."""
    result = run(*arguments, stdin=BROKEN)
    told = result.stdout + result.stderr
    assert result.returncode == code
    for place in (":6:", ":7:", ":14:"):
        assert place in told
    assert told.count("help: ") == 3


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param(b"\x00\x01\x02", id="NUL"),
        pytest.param(b"\xff\xfe\xfa", id="bad UTF-8"),
        pytest.param(b"[" * 1_000_000, id="a million levels"),
        pytest.param(b"a: &a [x]\n" + b"b: *c\n", id="unknown alias"),
        pytest.param(b"{{ .Values.hosts }}: {{ }}\n", id="a template"),
        pytest.param(b"%%%\n---\n:", id="garbage"),
    ],
)
def test_garbage_is_one_message(stdin: bytes) -> None:
    """Whatever stands in the input, the command ends with 2 and says why; to check it is an answer, and a bad one."""
    for verb in ("decide", "explain"):
        result = run(verb, "-", "http://a.com/", stdin=stdin)
        assert (result.returncode, result.stdout) == (2, "")
        assert 0 < len(result.stderr) < 2000
    assert run("check", "-", stdin=stdin).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["decide", "absent.yaml", "http://a.com/"], id="decide"),
        pytest.param(["explain", ALLOW_ANY, "http://a.com/", "--requests", "absent.txt"], id="requests"),
        pytest.param(["decide", ALLOW_ANY, "http://a.com/", "--mesh", "absent.yaml"], id="mesh"),
        pytest.param(["check", "absent.yaml"], id="check"),
        pytest.param(["conformance", "absent.jsonl"], id="conformance"),
    ],
)
def test_absent_file_is_named(arguments: list[str]) -> None:
    """A file that is not there is bad input, and the message names it."""
    result = run(*arguments)
    assert result.returncode == 2
    assert "absent" in result.stdout + result.stderr


@pytest.mark.parametrize("url", ["", "httpbin.org", "ftp://a.com/", "http://", "http://a.com:99999/", "http://[::1/"])
def test_bad_url_is_bad_input(url: str) -> None:
    """What is not a URL is told as such."""
    result = run("decide", ALLOW_ANY, url)
    assert (result.returncode, result.stdout) == (2, "")


def test_bad_release_and_address_are_bad_input() -> None:
    """A release that is not recorded, and an address that is none, are refused."""
    assert run("decide", ALLOW_ANY, "http://a.com/", "--istio", "1.3").returncode == 2
    assert run("decide", ALLOW_ANY, "http://a.com/", "--address", "1.2.3").returncode == 2


def test_closed_pipe_is_silence() -> None:
    """A reader that leaves early, as ``head`` does, is not an error."""
    many = b"---\n".join(BROKEN.replace(b"one", b"e%d" % number) for number in range(500))
    with subprocess.Popen(
        [*COMMAND, "check", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(many)
        process.stdin.close()
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) in (0, 1)


class Interrupted(io.RawIOBase):
    """A terminal at which the user presses ctrl-C instead of typing."""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Be interrupted."""
        raise KeyboardInterrupt


def test_interrupt_leaves_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends a command that waits for input with 130, and says nothing."""
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BufferedReader(Interrupted()))):
        assert main(["check", "-"]) == 130
    assert capsys.readouterr() == ("", "")


def test_check_asks_the_cluster_where_it_is_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The schema of the API server is asked beside the webhook, and objects without a namespace get the given one."""
    path = tmp_path / "entry.yaml"
    path.write_text(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\n"
        "spec: {hosts: [a.com], resolution: NONE, endpoints: []}\n"
    )
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--validation", "cluster", "--object-namespace", "shop"]) == 1
    assert "entry.yaml:4:42: ServiceEntry `shop/a`: spec.endpoints: " in capsys.readouterr().out
