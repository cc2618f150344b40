"""Both twins of the walk come to the same leaf, for every table and every request."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import twin
from meshegress._engine.chosen import Decider, Walk
from meshegress._engine.layout import port_bits
from meshegress._match import IMPLEMENTATION
from meshegress.compiler.program.layout import lay_out_table
from meshegress.request import Request
from meshegress.table import Listener, RouteConfiguration, Table, VirtualHost
from walk.drawn_tables import hosts, listeners, requests
from walk.tables import host, http, listener, opaque


@pytest.fixture(scope="module")
def twins() -> tuple[ModuleType, ModuleType]:
    """The readable walk and the compiled one, which takes no other tables than compiled ones."""
    if IMPLEMENTATION == "pure":
        pytest.skip("the tables of this run are the readable ones")
    return twin("_engine.reference.walk"), twin("_engine.native.walk")


@given(st.lists(listeners(), max_size=4), hosts(), st.lists(requests(), min_size=1, max_size=8))
@example([listener(opaque("a"))], (), [Request.tcp("1.1.1.1", 80)])
def test_the_twins_agree(
    twins: tuple[ModuleType, ModuleType],
    drawn: list[Listener],
    served: tuple[VirtualHost, ...],
    asked: list[Request],
) -> None:
    """One leaf, whichever twin walks; and one list of leaves for each choice."""
    layout = lay_out_table(Table(tuple(drawn), {"80": RouteConfiguration("80", served)}, {})).layout
    readable, compiled = (module.Walk(layout, str) for module in twins)
    assert compiled.decide_all(asked) == [readable.decide(request) for request in asked]
    assert compiled.choices == readable.choices
    for request in asked:
        assert compiled.find(request, "10.0.0.1") == readable.find(request, "10.0.0.1")
    decider = twins[1].Decider(compiled, port_bits([443]), repr)
    for request in asked:
        is_rest = request.address is None or request.port == 443
        assert decider.decide(request) == (repr(request) if is_rest else readable.decide(request))


def test_a_decider_leaves_the_rest_to_others() -> None:
    """What is not a request, has no address or is for a careful port is not the walk's alone."""
    walk = Walk(lay_out_table(Table((), {}, {})).layout, str)
    asked = ["a.com", Request.http("a.com"), Request.tcp("1.1.1.1", 443), Request.tcp("1.1.1.1", 80)]
    assert [Decider(walk, port_bits([443]), lambda _rest: "rest").decide(one) for one in asked] == [
        "rest",
        "rest",
        "rest",
        "0",
    ]


def test_nodes_are_kept_for_the_next_walk(twins: tuple[ModuleType, ModuleType]) -> None:
    """A walk that is given another's arrays answers the same, also after that other is gone."""
    first = lay_out_table(Table((listener(http()),), {"80": RouteConfiguration("80", (host("a.com"),))}, {}))
    request = Request.http("a.com", address="9.9.9.9")
    for module in twins:
        before = module.Arrays()
        module.Walk(first.layout, str, before)
        arrays = module.Arrays(before)
        walk = module.Walk(first.layout, str, arrays)
        arrays.forget_before()
        del before
        assert walk.find(request) == twins[0].Walk(first.layout, str).find(request)


def test_careful_ports_are_bits(twins: tuple[ModuleType, ModuleType]) -> None:
    """Anything but a bit for each port is refused, not read past its end."""
    layout = lay_out_table(Table((), {}, {})).layout
    for module in twins:
        with pytest.raises(ValueError, match="expected a bit for each port, not 3 bytes"):
            module.Decider(module.Walk(layout, str), b"abc", repr)


def test_only_requests_are_asked_for(twins: tuple[ModuleType, ModuleType]) -> None:
    """Anything else is a TypeError of the native twin, not a crash."""
    compiled = twins[1].Walk(lay_out_table(Table((), {}, {})).layout, str)
    for wrong in (None, "a.com", object()):
        with pytest.raises(TypeError):
            compiled.find(wrong)
    with pytest.raises(TypeError):
        compiled.decide_all([None])
