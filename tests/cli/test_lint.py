"""``meshegress lint``: findings in seven formats, chosen, ignored, compared with a baseline, and judged."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.command import ALLOW_ANY, ENTRIES, run

CARELESS = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bing, namespace: default}
spec:
  hosts: [www.bing.com]
  ports: [{number: 443, name: tcp, protocol: TCP}]
  resolution: DNS
"""


@pytest.fixture
def careless(tmp_path: Path) -> str:
    """A file with an entry that takes port 443."""
    path = tmp_path / "bing.yaml"
    path.write_text(CARELESS)
    return str(path)


def test_the_victims_are_named(careless: str) -> None:
    """The quickstart's own entry is one of them."""
    result = run("lint", ALLOW_ANY, ENTRIES, careless)
    assert result.returncode == 0
    first = result.stdout.splitlines()[0]
    assert first.startswith(f"{careless}:6:11: warning: ServiceEntry `default/bing`: spec.ports[0]: takes what")
    assert "connections to `www.baidu.com` of ServiceEntry `default/baidu` that show no server name" in first
    assert result.stdout.splitlines()[-1] == "0 errors, 1 warning, 0 infos"


def test_what_is_well_has_no_findings() -> None:
    """As the quickstart."""
    result = run("lint", ALLOW_ANY, ENTRIES, "--fail-on", "info")
    assert (result.returncode, result.stdout) == (0, "0 errors, 0 warnings, 0 infos\n")


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--fail-on", "warning"), 1), (("--fail-on", "error"), 0)])
def test_the_verdict(careless: str, words: tuple[str, ...], code: int) -> None:
    """A finding that is as bad fails."""
    assert run("lint", careless, *words).returncode == code


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--select", "EG40"), 1),
        (("--select", "eg402,EG413"), 0),
        (("--ignore", "EG401"), 0),
        (("--ignore", "EG402"), 1),
    ],
)
def test_findings_are_chosen(careless: str, words: tuple[str, ...], count: int) -> None:
    """By the beginnings of their codes."""
    assert len(json.loads(run("lint", careless, "-o", "json", *words).stdout)) == count


def test_json_has_the_evidence(careless: str) -> None:
    """Victims, the request, and what becomes of it without the resource and with it."""
    (found,) = json.loads(run("lint", careless, "--json").stdout)
    assert (found["code"], found["aliases"], found["url"]) == ("EG401", ["IST0134"], "docs/lint.md#eg401")
    witness = found["witness"]
    assert witness["request"]["port"] == 443
    assert (witness["before"]["cluster"], witness["after"]["cluster"]) == (
        "PassthroughCluster",
        "outbound|443||www.bing.com",
    )


def test_sarif_has_a_result_at_a_place(careless: str) -> None:
    """And a rule for its code."""
    (log,) = json.loads(run("lint", careless, "-o", "sarif").stdout)["runs"]
    (result,) = log["results"]
    assert (result["ruleId"], result["level"]) == ("EG401", "warning")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 6, "startColumn": 11}
    assert [rule["id"] for rule in log["tool"]["driver"]["rules"]] == ["EG401"]


def test_junit_has_a_failure(careless: str) -> None:
    """And one case that passed where nothing was found."""
    suite = ElementTree.fromstring(run("lint", careless, "-o", "junit").stdout)
    assert (suite.get("failures"), [case.get("classname") for case in suite]) == ("1", ["EG401"])
    assert suite.find("testcase/failure") is not None
    empty = ElementTree.fromstring(run("lint", ENTRIES, "-o", "junit").stdout)
    assert (empty.get("tests"), empty.get("failures")) == ("1", "0")


def test_markdown_and_annotations(careless: str) -> None:
    """A row, and a line."""
    assert f"| warning `EG401` | `{careless}:6:11` |" in run("lint", careless, "-o", "markdown").stdout
    assert run("lint", careless, "-o", "github").stdout.startswith(
        f"::warning file={careless},line=6,col=11,title=EG401::"
    )


def test_a_baseline_hides_what_was_there(careless: str, tmp_path: Path) -> None:
    """Written once, it lets today's findings pass and nothing else."""
    baseline = str(tmp_path / "baseline.json")
    assert run("lint", careless, "--fail-on", "warning", "--write-baseline", baseline).returncode == 0
    known = run("lint", careless, "--fail-on", "warning", "--baseline", baseline)
    assert (known.returncode, known.stdout) == (0, "0 errors, 0 warnings, 0 infos\n")
    assert "1 of the baseline is still there" in known.stderr
    Path(careless).write_text(CARELESS.replace("bing", "other"))
    assert run("lint", careless, "--fail-on", "warning", "--baseline", baseline).returncode == 1


def test_a_comment_with_a_reason_is_counted(careless: str) -> None:
    """Nobody overlooks that something is ignored."""
    Path(careless).write_text(f"# meshegress: ignore EG401 because it is a trial\n{CARELESS}")
    result = run("lint", careless, "--fail-on", "warning")
    assert result.returncode == 0
    assert "meshegress: 1 finding is ignored with a reason" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the resources are missing"),
        ((ENTRIES, "--select", "port-hijack"), "--select: `PORT-HIJACK` is neither a code"),
        ((ENTRIES, "--baseline", f"{ENTRIES}/baidu.yaml"), "is not a baseline"),
        ((ENTRIES, "--fail-on", "fatal"), "invalid choice: 'fatal'"),
    ],
)
def test_usage(words: tuple[str, ...], message: str) -> None:
    """One line, and the code of bad input."""
    result = run("lint", *words)
    assert result.returncode == 2
    assert message in result.stderr
