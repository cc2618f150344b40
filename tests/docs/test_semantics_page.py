"""Every rule of the semantics page names a case that is there."""

from __future__ import annotations

import dataclasses
import lzma
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from meshegress.profiles import PROFILES, Profile

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
RULES = re.findall(r"^### (\d+\.\d+) (.*?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)


@cache
def recorded() -> frozenset[str]:
    """Return the ids of all recorded worlds and verdicts; of a verdict's long id also its first two words."""
    ids: set[str] = set()
    for kind in ("decisions", "validation", "gateways", "hops"):
        content = lzma.decompress((ROOT / "tests" / "data" / f"{kind}.jsonl.xz").read_bytes()).decode()
        ids.update(re.findall(r'^\{"id":\s?"([^"]+)"', content, re.MULTILINE))
    return frozenset(ids | {"-".join(name.split("-")[:2]) for name in ids if name.startswith("rule-")})


@pytest.mark.parametrize(("number", "title", "text"), RULES, ids=[number for number, _, _ in RULES])
def test_rule_names_its_cases(number: str, title: str, text: str) -> None:
    """A rule ends with the recorded cases that show it, or says that there is none."""
    assert title
    cases = re.findall(r"`([^`]+)`", "".join(re.findall(r"^Case: (.*)$", text, re.MULTILINE)))
    assert bool(cases) is not ("*Read, not run.*" in text), f"rule {number} says neither"
    assert set(cases) <= recorded()


def test_rules_are_numbered_in_order() -> None:
    """Chapters and rules count up from one."""
    numbers = [tuple(map(int, number.split("."))) for number, _, _ in RULES]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


def test_each_rule_has_a_world_of_its_own_and_each_world_a_rule() -> None:
    """The worlds in ``tests/cases/semantics`` bear the numbers of the page, and leave out none."""
    files = sorted((ROOT / "tests" / "cases" / "semantics").glob("*.yaml"))
    shown = {case["rule"] for path in files for case in yaml.safe_load(path.read_text(encoding="utf-8"))}
    assert shown == {number for number, _, _ in RULES}


def test_each_difference_between_releases_is_a_rule() -> None:
    """Every field of a profile is named by one rule of the chapter, and every rule of the chapter names one."""
    named = [re.match(r"\n`(\w+)`\.\n", text) for number, _, text in RULES if number.startswith("14.")]
    fields = [field.name for field in dataclasses.fields(Profile) if field.name != "release"]
    assert [match and match[1] for match in named] == fields


def test_each_difference_is_shown_on_both_sides() -> None:
    """A case of that chapter has two releases at least, between which the profiles answer otherwise."""
    cases = yaml.safe_load((ROOT / "tests" / "cases" / "semantics" / "14_releases.yaml").read_text(encoding="utf-8"))
    names = {number: text.split("`")[1] for number, _, text in RULES if number.startswith("14.")}
    for case in cases:
        answers = {getattr(PROFILES[release], names[case["rule"]]) for release in case["releases"]}
        assert len(answers) > 1, case["note"]
