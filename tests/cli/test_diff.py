"""``meshegress diff``: two sides, or one side at two commits; four formats; and the verdict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import meshegress
from cli.command import ALLOW_ANY, ENTRIES, REGISTRY_ONLY, run, without_summary
from meshegress.cli.diff import EFFECTS

ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: shop}}
spec: {{hosts: [{host}], ports: [{{number: 443, name: main, protocol: {protocol}}}], resolution: DNS}}
"""
BLOCKED = (ALLOW_ANY, ENTRIES, "--", REGISTRY_ONLY, ENTRIES)


def entry(name: str, host: str, protocol: str = "TLS") -> str:
    """Return a ServiceEntry as YAML."""
    return ENTRY.format(name=name, host=host, protocol=protocol)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in whose folder `mesh` an entry has changed since its only commit, and another has come."""
    mesh = tmp_path / "mesh"
    mesh.mkdir()
    (mesh / "a.yaml").write_text(entry("a", "a.com"))
    (tmp_path / "mesh.conf").write_text("outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@a.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
    (mesh / "a.yaml").write_text("# moved\n" + entry("a", "b.com"))
    (mesh / "c.yaml").write_text(entry("c", "c.com"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sentences(stdout: str) -> list[str]:
    """Return the first line of each change."""
    return [line for line in stdout.splitlines() if line.split("  ")[0] in {str(one) for one in meshegress.Effect}]


def test_what_is_blocked_is_said_in_ten_sentences() -> None:
    """Each change, what all are because of, and for whom."""
    result = run("diff", *BLOCKED)
    assert result.returncode == 0
    assert len(result.stdout.strip().split("\n\n")) <= 10
    assert "5 changes: 5 blocked" in result.stdout
    assert "for every other server name" in result.stdout
    assert f"all because of MeshConfig `istio-system/istio` ({REGISTRY_ONLY}/istio.yaml:" in result.stdout


def test_equal_sides_are_said_to_be_equal() -> None:
    """Whatever --fail-on says."""
    result = run("diff", ENTRIES, "--", ENTRIES, "--fail-on", "any")
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, "No change in egress behaviour.")
    assert without_summary(result.stderr).splitlines() == [
        "meshegress: before: read 2 documents of 2 files: 2 ServiceEntries",
        "meshegress: after: read 2 documents of 2 files: 2 ServiceEntries",
    ]


@pytest.mark.parametrize(
    ("kinds", "code"),
    [("blocked", 1), ("opened,moved", 0), ("any", 1), ("hangs, blocked", 1), ("refused-otherwise", 0)],
)
def test_the_verdict(kinds: str, code: int) -> None:
    """A change of a kind that is named fails."""
    result = run("diff", *BLOCKED, "--fail-on", kinds)
    assert result.returncode == code
    assert ("meshegress: --fail-on: 5 changes: blocked" in result.stderr) == bool(code)


def test_every_effect_can_be_named() -> None:
    """Without a blank in it."""
    assert set(EFFECTS.values()) == set(meshegress.Effect)
    assert not any(" " in word for word in EFFECTS)


def test_what_is_not_proven_has_a_code_of_its_own(tmp_path: Path) -> None:
    """A pattern that nothing can judge here, in a list of routes that differs."""
    route = (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\n"
        "spec: {{hosts: [a.com], http: [{{match: [{{uri: {{regex: '/\\p{{Greek}}+'}}}}], "
        "directResponse: {{status: {status}}}}}, {{route: [{{destination: {{host: a.com}}}}]}}]}}\n"
    )
    for name, status in (("old", 404), ("new", 405)):
        text = entry("a", "a.com", "HTTP").replace("443", "80") + "---\n" + route.format(status=status)
        (tmp_path / f"{name}.yaml").write_text(text)
    sides = (str(tmp_path / "old.yaml"), "--", str(tmp_path / "new.yaml"))
    result = run("diff", *sides, "--namespace", "shop")
    assert (result.returncode, "not proven: " in result.stdout) == (4, True)


def test_json_is_what_the_library_gives() -> None:
    """One document, and nothing but JSON beside it."""
    result = run("diff", *BLOCKED, "-o", "json", "--fail-on", "blocked")
    found = json.loads(result.stdout)
    assert (found["equal"], found["proven"]) == (False, True)
    assert {change["effect"] for group in found["groups"] for change in group["difference"]["changes"]} == {"blocked"}
    assert all(json.loads(line) for line in result.stderr.splitlines())


def test_markdown_is_a_table_for_a_pull_request() -> None:
    """A row for each change."""
    rows = [line for line in run("diff", *BLOCKED, "-o", "markdown").stdout.splitlines() if line.startswith("| bl")]
    assert len(rows) == 5


def test_annotations_stand_at_what_decides() -> None:
    """What fails is an error, the rest is a warning."""
    for fail_on, level in (("blocked", "error"), ("opened", "warning")):
        lines = run("diff", *BLOCKED, "-o", "github", "--fail-on", fail_on).stdout.splitlines()
        assert len(lines) == 5
        assert {line.partition(",")[0] for line in lines} == {f"::{level} file={REGISTRY_ONLY}/istio.yaml"}


def test_options_may_follow_both_sides() -> None:
    """Between them and behind them; a workload is asked for alone."""
    result = run("diff", ALLOW_ANY, "--namespace", "shop", "--", REGISTRY_ONLY, "--label", "app=cart")
    assert result.stdout.startswith("for workloads of `shop` with app=cart\n")
    assert result.stdout.endswith("(1 workload in 1 namespace)\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((ENTRIES,), "write OLD... -- NEW..."),
        ((ENTRIES, "--", ENTRIES, "--", ENTRIES), "write OLD... -- NEW..."),
        ((ENTRIES, "--"), "the resources are missing"),
        ((ENTRIES, "--", ENTRIES, "--git", "HEAD"), "with --git, name the files and folders of one side"),
        ((ENTRIES, "--", ENTRIES, "--fail-on", "bloked"), "--fail-on: there is no change of kind `bloked`"),
        (("-", "--", "-"), "standard input (`-`) can be read only once"),
    ],
)
def test_usage(words: tuple[str, ...], message: str) -> None:
    """What cannot be compared is said in one line."""
    result = run("diff", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("kind", ["relative", "absolute", "from a folder below"])
def test_a_folder_is_compared_with_itself_at_a_commit(
    repository: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a checkout: the index and the files stay as they are; places read as in the folder."""
    before = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout
    words = {"relative": ["mesh"], "absolute": [str(repository / "mesh")], "from a folder below": ["."]}[kind]
    if kind == "from a folder below":
        monkeypatch.chdir(repository / "mesh")
    result = run("diff", "--git", "HEAD", *words, "--namespace", "shop", "--fail-on", "any")
    assert result.returncode == 1
    assert [line.split(", ", 1)[1] for line in sentences(result.stdout)] == ["for b.com, c.com", "server name a.com"]
    assert "ServiceEntry `shop/a` (" in result.stdout
    assert "/tmp/meshegress-" not in result.stdout
    assert subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout == before


def test_the_mesh_configuration_of_the_commit_counts(repository: Path) -> None:
    """The file that --mesh names is read at the commit, too, if it is there."""
    (repository / "mesh.conf").write_text("outboundTrafficPolicy: {mode: ALLOW_ANY}\n")
    (repository / "mesh" / "c.yaml").unlink()
    (repository / "mesh" / "a.yaml").write_text(entry("a", "a.com"))
    result = run("diff", "--git", "HEAD", "mesh", "--mesh", "mesh.conf", "--fail-on", "blocked")
    assert result.returncode == 0
    assert {line.split()[0] for line in sentences(result.stdout)} == {"opened"}


def test_what_is_new_since_a_commit_is_compared_with_nothing(repository: Path) -> None:
    """A note says that there was nothing."""
    result = run("diff", "--git", "HEAD", "mesh/c.yaml", "--namespace", "shop", "--fail-on", "moved")
    assert result.returncode == 1
    assert "meshegress: nothing of MESH is there at `HEAD`" in result.stderr


@pytest.mark.parametrize(
    ("revision", "path", "message"),
    [
        ("nowhere", "mesh", "--git: `nowhere` is not a commit of this repository"),
        ("HEAD", "../other", "--git: `../other` is outside of the repository"),
        ("--help", "mesh", "--git: `--help` is not a commit of this repository"),
    ],
)
def test_what_git_does_not_know(repository: Path, revision: str, path: str, message: str) -> None:
    """One line, and the code of bad input."""
    result = run("diff", f"--git={revision}", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
