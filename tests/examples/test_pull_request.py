"""The workflow and the hook of the example do what they say, on its two revisions."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.command import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "pull-request"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A repository whose only commit is the revision before, in whose work tree stands the one after."""
    shutil.copytree(EXAMPLE / "before", tmp_path / "mesh")
    who = ("-c", "user.name=a", "-c", "user.email=a@a.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "before")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
    shutil.copytree(EXAMPLE / "after", tmp_path / "mesh", dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


def commands_of(step: dict[str, Any], base: str) -> Iterator[list[str]]:
    """Yield the arguments of each command `meshegress` in a step of the workflow."""
    for line in step.get("run", "").splitlines():
        words = shlex.split(line.replace('"$BASE"', base).partition(" >")[0].partition(" ||")[0])
        if words[:1] == ["meshegress"]:
            yield words[1:]


def steps() -> dict[str, dict[str, Any]]:
    """Return the steps of the workflow that have a name."""
    workflow = yaml.safe_load((EXAMPLE / "workflow.yaml").read_text(encoding="utf-8"))
    return {step["name"]: step for step in workflow["jobs"]["egress"]["steps"] if "name" in step}


def test_the_comment_says_what_changes_and_whom_it_hurts(base: str) -> None:
    """A table of changes, and one of findings."""
    diff, lint = (run(*words) for words in commands_of(steps()["write the comment"], base))
    assert "in egress behaviour**" in diff.stdout
    assert "| opened | TLS on port 443 to any IPv4 address, for every other server name, and none |" in diff.stdout
    assert "| warning `EG401` | `mesh/entries.yaml:" in lint.stdout
    assert diff.returncode == lint.returncode == 0


def test_annotations_stand_in_the_files_of_the_pull_request(base: str) -> None:
    """By the names that they have in the repository."""
    found = [run(*words).stdout.splitlines() for words in commands_of(steps()["annotate"], base)]
    assert len(found) == 2
    for lines in found:
        assert lines
        assert all(line.startswith(("::notice file=mesh/", "::warning file=mesh/")) for line in lines)


def test_the_careless_entry_fails(base: str) -> None:
    """Nothing is blocked, and the entry hurts others."""
    diff, lint = (run(*words) for words in commands_of(steps()["judge"], base))
    assert (diff.returncode, lint.returncode) == (0, 1)


def test_the_hooks_judge_the_same(base: str) -> None:
    """Before the commit is made."""
    hooks = yaml.safe_load((EXAMPLE / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    codes = {hook["id"]: run(*shlex.split(hook["entry"])[1:]).returncode for hook in hooks}
    assert codes == {"egress-lint": 1, "egress-diff": 0}


def test_the_cure_cures(base: str) -> None:
    """As TLS the broker takes what is its own, and nothing else changes."""
    path = Path("mesh", "entries.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("protocol: TCP", "protocol: TLS"), encoding="utf-8")
    assert run("lint", "mesh/", "--fail-on", "warning").returncode == 0
    changed = run("diff", "--git", base, "mesh/", "--namespace", "shop").stdout
    assert "1 change: 1 opened" in changed
    assert "server name broker.example" in changed


def test_the_page_shows_commands_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends as it says."""
    monkeypatch.chdir(EXAMPLE)
    lines = (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    codes = [run(*shlex.split(line)[2:]).returncode for line in lines if line.startswith("$ meshegress")]
    assert codes == [0, 1]
