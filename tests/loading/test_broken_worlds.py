"""Whatever is wrong with one resource: it is told with its place, the others are as without it, and nothing escapes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshegress import Mesh, Request, ResourceError, Workload
from meshegress.findings import Finding, Severity
from meshegress.loading import ResourceSet, check, load
from meshegress.resources import Resource
from meshegress.testing import strategies
from meshegress.testing.strategies.broken import VALID, paths
from meshegress.testing.strategies.worlds import FIRST_DAY, named


class BrokenWorld(NamedTuple):
    """The sound documents before and after a broken one."""

    before: list[dict[str, Any]]
    broken: dict[str, Any]
    after: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The world as one text."""
        return text_of([*self.before, self.broken, *self.after])

    @property
    def lines(self) -> range:
        """The lines of the broken document in the text; the mark before it counts."""
        first = text_of(self.before).count("\n") + 1
        return range(first, first + text_of([self.broken]).count("\n") + 1)


def text_of(documents: Sequence[dict[str, Any]]) -> str:
    """Return *documents* as YAML."""
    return "".join(f"---\n{yaml.safe_dump(document, sort_keys=False)}" for document in documents)


@st.composite
def broken_worlds(draw: st.DrawFn) -> BrokenWorld:
    """Draw a world with a broken resource somewhere in it."""
    sound = [resource.as_wire() for resource in draw(strategies.worlds(max_size=4))]
    place = draw(st.integers(0, len(sound)))
    return BrokenWorld(sound[:place], draw(strategies.broken_resources()), sound[place:])


def nowhere(resources: ResourceSet) -> ResourceSet:
    """Return *resources* without the place of the mesh configuration, which alone is compared."""
    return replace(resources, mesh_config_source=None)


def told(findings: Sequence[Finding]) -> list[tuple[str, str, str, str]]:
    """Return what *findings* say, without the places."""
    return [(one.code, one.subject, one.field, one.message) for one in findings]


@given(broken_worlds())
def test_a_broken_resource_is_told_with_its_place(world: BrokenWorld) -> None:
    """Each error has a line and a column inside the broken document, a code and a sentence."""
    errors = [finding for finding in check(world.text)[1] if finding.severity is Severity.ERROR]
    assert errors
    assert [one for one in errors if one.where.line not in world.lines or not one.where.column] == []
    assert all(one.message and one.code for one in errors)


@given(broken_worlds())
def test_a_broken_resource_changes_nothing_else(world: BrokenWorld) -> None:
    """The other resources load as if it were not there, and what is told of them is the same."""
    resources, findings = check(world.text)
    without, of_others = check(text_of([*world.before, *world.after]))
    assert nowhere(resources) == nowhere(without)
    assert told([one for one in findings if one.where.line not in world.lines]) == told(of_others)


@given(broken_worlds())
def test_loading_a_broken_world_raises_once_with_everything(world: BrokenWorld) -> None:
    """``load`` and ``Mesh`` raise one ResourceError, which holds all that ``check`` tells."""
    findings = check(world.text)[1]
    for take in (load, Mesh):
        with pytest.raises(ResourceError) as caught:
            take([world.text])
        assert caught.value.findings == findings
        assert str(caught.value)


odd = st.sampled_from((float("inf"), 10**400, -(2**63), 2**32, "x" * 300, -1, "*", "\ud800", b"a", (1,), {"a.com"}))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | odd,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=2),
    max_leaves=4,
)


class OddWorld(NamedTuple):
    """The documents of a world, of which one holds anything at all somewhere."""

    sound: list[dict[str, Any]]
    odd: dict[str, Any]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """All of them."""
        return [*self.sound, self.odd]


@st.composite
def odd_worlds(draw: st.DrawFn) -> OddWorld:
    """Draw a world, and put anything at all at one place of one more resource."""
    sound = [resource.as_wire() for resource in draw(strategies.worlds(max_size=3))]
    drawn = draw(st.sampled_from(tuple(VALID)).flatmap(VALID.__getitem__))
    document = (named(drawn, "odd", FIRST_DAY) if isinstance(drawn, Resource) else drawn).as_wire()
    *way, last = draw(st.sampled_from(list(paths(document))))
    holder: Any = document
    for part in way:
        holder = holder[part]
    holder[last] = deepcopy(draw(anything))
    return OddWorld(sound, document)


def identities(resources: ResourceSet) -> set[tuple[str, str, str]]:
    """Return kind, namespace and name of each of *resources*."""
    return {(one.kind, one.namespace, one.name) for one in resources.each()}


@given(odd_worlds(), strategies.workloads(), strategies.requests())
def test_anything_anywhere_is_a_finding_or_taken(world: OddWorld, asker: Workload, asked: Request) -> None:
    """Whatever stands wherever: ``check`` returns, and what it keeps decides; ``load`` raises ResourceError alone."""
    resources, findings = check(*world.documents)
    assert all(finding.message and finding.code for finding in findings)
    assert identities(resources) >= identities(check(*world.sound)[0])
    assert str(Mesh(resources).egress(asker).decide(asked))
    if any(finding.severity is Severity.ERROR for finding in findings):
        with pytest.raises(ResourceError):
            load(*world.documents)
    else:
        assert load(*world.documents) == resources
