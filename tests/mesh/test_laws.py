"""Laws of the whole way from resources to a decision, on drawn worlds that Istio accepts."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conftest import twin
from meshegress import Decision, Egress, Request, Workload, check
from meshegress._match import IMPLEMENTATION
from meshegress.compiler.program.layout import lay_out_table
from meshegress.profiles import PROFILES
from meshegress.resources import MeshConfig, Resource, ServiceEntry, Sidecar, VirtualService
from meshegress.testing import strategies
from meshegress.testing.strategies.routing import DELEGATE

World = tuple[Resource | MeshConfig, ...]


class Situation(NamedTuple):
    """A world, the release that serves it, who asks, and what."""

    world: World
    release: str
    workload: Workload
    asked: list[Request]

    def egress(self, world: Sequence[object] | None = None) -> Egress:
        """Return the table of the workload, in another *world* if one is given."""
        return check(self.world if world is None else world, istio=self.release)[0].egress(self.workload)


releases = st.sampled_from(("1.30", "1.31", *PROFILES))


@st.composite
def situations(draw: st.DrawFn, *, dated: bool = False) -> Situation:
    """Draw a world with requests for what is in it; unless it is *dated*, not all ages need be known."""
    world = draw(strategies.worlds(min_size=3, dated=dated))
    asked = st.lists(strategies.requests(world), min_size=2, max_size=5)
    return Situation(world, draw(releases), draw(strategies.workloads()), draw(asked))


def answers(egress: Egress, asked: list[Request]) -> list[Decision]:
    """Return the decisions on what is *asked*."""
    return [egress.decide(request) for request in asked]


@given(situations(), st.randoms(use_true_random=False))
def test_document_order_never_matters(drawn: Situation, shuffle: random.Random) -> None:
    """Given distinct ages, resources may be written in any order."""
    shuffled = list(drawn.world)
    shuffle.shuffle(shuffled)
    one, other = drawn.egress(), drawn.egress(shuffled)
    assert one.table == other.table
    assert one.names == other.names
    assert answers(one, drawn.asked) == answers(other, drawn.asked)


@given(situations(), strategies.service_entries(), st.integers(-9, 9))
def test_what_nobody_may_see_changes_nothing(drawn: Situation, entry: ServiceEntry, age: int) -> None:
    """An entry exported to nobody changes no decision, where no destination or exact import names its host."""
    assume(not set(entry.spec.hosts) & set(named_hosts(drawn.world)))
    told = {"name": "hidden", "namespace": "elsewhere", "creationTimestamp": f"20{20 + age:02}-01-01T00:00:00Z"}
    hidden = {**entry.as_wire(), "metadata": told, "spec": {**entry.spec.as_wire(), "exportTo": ["~"]}}
    without, beside = drawn.egress(), drawn.egress([*drawn.world, hidden])
    assert answers(without, drawn.asked) == answers(beside, drawn.asked)


def named_hosts(world: World) -> Iterator[str]:
    """Give the hosts that destinations and Sidecars of *world* name, wherever they may be seen."""
    for resource in world:
        if isinstance(resource, VirtualService):
            spec = resource.spec
            ends = [end for routes in (spec.http, spec.tls, spec.tcp) for route in routes for end in route.route]
            yield from (end.destination.host for end in ends if end.destination is not None)
        elif isinstance(resource, Sidecar):
            for listener in resource.spec.egress:
                yield from (host.partition("/")[2] for host in listener.hosts)


@given(situations(), st.randoms(use_true_random=False))
def test_whatever_their_ages_the_answer_is_a_candidate(drawn: Situation, shuffle: random.Random) -> None:
    """Where ages are not known, the decision or one of its candidates is what Istio does, whatever the ages are.

    Which of several addresses of a name a client takes is not Istio's to say.
    """
    ages = shuffle.sample(range(1, 1000), len(drawn.world))
    known = drawn.egress([aged(resource, age) for resource, age in zip(drawn.world, ages, strict=True)])
    unknown = drawn.egress([aged(resource, None) for resource in drawn.world])
    for request in drawn.asked:
        if request.address is None and request.name and len(known.resolve(request.name)) > 1:
            continue
        expected, found = known.decide(request), unknown.decide(request)
        assert untold(expected) in [untold(one) for one in found.candidates or (found,)]


def aged(resource: Resource | MeshConfig, created: int | None) -> Resource | MeshConfig:
    """Return *resource* as made at that time, in seconds."""
    if isinstance(resource, MeshConfig):
        return resource
    metadata = resource.metadata.model_copy(update={"creation_timestamp": created})
    return resource.model_copy(update={"metadata": metadata})


def untold(decision: Decision) -> Decision:
    """Return the bare answer."""
    return replace(decision, assumptions=())


NAMES = (DELEGATE, *(f"r{number}" for number in range(10)))
"""What worlds call what may be called otherwise."""


@given(situations(dated=True), st.permutations(range(len(NAMES))))
def test_renaming_changes_nothing_but_names(drawn: Situation, order: list[int]) -> None:
    """Resources of distinct age may have any names: those that govern have the new ones, all else is as it was."""
    new = {name: f"other-{place}" for name, place in zip(NAMES, order, strict=True)}
    one, other = drawn.egress(), drawn.egress([renamed(resource, new) for resource in drawn.world])
    assert one.table == other.table
    assert one.names == other.names
    for request in drawn.asked:
        before, after = one.decide(request), other.decide(request)
        assert unnamed(before) == unnamed(after)
        assert before.governed_by is None or after.governed_by is not None
        if before.governed_by and after.governed_by:
            name = before.governed_by.name
            assert after.governed_by.name == new.get(name, name)


def unnamed(decision: Decision) -> dict[str, object]:
    """Return *decision* without the names of resources, and the candidates of its assumptions alike."""
    assumptions = [(one.code, [unnamed(candidate) for candidate in one.candidates]) for one in decision.assumptions]
    return {**decision.as_dict(), "governed_by": None, "assumptions": assumptions}


def renamed(resource: Resource | MeshConfig, new: dict[str, str]) -> Resource | MeshConfig:
    """Return *resource* under its new name, and with the new names of the delegates that it names."""
    if isinstance(resource, MeshConfig) or resource.name not in new:
        return resource
    metadata = resource.metadata.model_copy(update={"name": new[resource.name]})
    found = resource.model_copy(update={"metadata": metadata})
    if not isinstance(resource, VirtualService):
        return found
    routes = [
        route
        if route.delegate is None
        else route.model_copy(update={"delegate": route.delegate.model_copy(update={"name": new[route.delegate.name]})})
        for route in resource.spec.http
    ]
    return found.model_copy(update={"spec": resource.spec.model_copy(update={"http": tuple(routes)})})


@given(situations())
def test_equal_meshes_give_equal_tables(drawn: Situation) -> None:
    """A table knows nothing of where its resources were written: models, YAML and JSON give the same."""
    text = "---\n".join(resource.to_yaml() for resource in drawn.world)
    models = drawn.egress()
    for other in (
        drawn.egress(),
        drawn.egress([text]),
        drawn.egress([json.dumps(one.as_wire()) for one in drawn.world]),
    ):
        assert other.table == models.table
        assert other.names == models.names
        assert answers(other, drawn.asked) == answers(models, drawn.asked)


@given(situations())
def test_a_decision_names_what_was_loaded(drawn: Situation) -> None:
    """``governed_by`` is one of the resources, for every candidate, and its place is one of the text."""
    text = "---\n".join(resource.to_yaml() for resource in drawn.world)
    egress = drawn.egress([text])
    loaded = {(one.kind, one.namespace, one.name) for one in drawn.world if isinstance(one, Resource)}
    for decision in answers(egress, drawn.asked):
        for one in (decision, *decision.candidates):
            governor = one.governed_by
            if governor is None or governor.kind == "MeshConfig":
                continue
            assert (governor.kind, governor.namespace, governor.name) in loaded
            assert all(place is None or place.line for place in (governor.source, governor.host_source))


@given(situations(), st.lists(strategies.requests(), max_size=4))
def test_every_request_is_answered_and_explained(drawn: Situation, others: list[Request]) -> None:
    """``decide`` and ``explain`` raise for no Request; a decision is a plain value."""
    egress = drawn.egress()
    for request in (*drawn.asked, *others):
        decision = egress.decide(request)
        assert pickle.loads(pickle.dumps(decision)) == decision
        assert json.dumps(decision.as_dict())
        assert str(decision)
        assert str(egress.explain(request))


@pytest.fixture(scope="module")
def twins() -> tuple[ModuleType, ModuleType]:
    """The readable walk and the compiled one, which takes no other tables than compiled ones."""
    if IMPLEMENTATION == "pure":
        pytest.skip("the tables of this run are the readable ones")
    return twin("_engine.reference.walk"), twin("_engine.native.walk")


@given(situations())
def test_both_twins_give_the_same_decisions(twins: tuple[ModuleType, ModuleType], drawn: Situation) -> None:
    """Whichever walk is taken over the table of a world, it ends at the same leaf, for the same reasons."""
    layout = lay_out_table(drawn.egress().table).layout
    readable, compiled = (module.Walk(layout, str) for module in twins)
    for request in drawn.asked:
        assert compiled.find(request, request.address or "192.0.2.7") == readable.find(
            request, request.address or "192.0.2.7"
        )
    assert compiled.choices == readable.choices
