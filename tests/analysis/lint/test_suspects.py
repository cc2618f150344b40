"""Whom the compiler can prove to be alone: asked for all at once it says what it says for each."""

from __future__ import annotations

from hypothesis import given, settings

from meshegress import Mesh
from meshegress.analysis.lint.survey import Survey
from meshegress.analysis.lint.suspects import Suspects
from meshegress.compiler.incremental.independence import require_own_places
from meshegress.compiler.model.deltas import NotSeparableError
from meshegress.testing.strategies import worlds
from meshegress.testing.strategies.worlds import World


@settings(max_examples=60)
@given(worlds())
def test_who_is_alone_is_alone_for_the_compiler(world: World) -> None:
    """An entry that is not entangled passes the proof of `with_changes`, and the other way round."""
    mesh = Mesh(world)
    registry = mesh.registry()
    suspects = Suspects(registry)
    for entry in mesh.resources.service_entries:
        services = suspects.services_of(entry)
        hosts = {service.hostname for service in services}
        is_shared = any(one.hostname in hosts and one.resource is not entry for one in registry.index.services)
        try:
            require_own_places(registry, services, ())
            is_alone = not is_shared and registry.profile.automatic_addresses
        except NotSeparableError:
            is_alone = False
        assert suspects.is_entangled(entry) is not is_alone


def test_seats_share_what_is_the_same() -> None:
    """Workloads with the same tables sit together, so that each is asked once."""
    survey = Survey(Mesh([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{i}"}} for i in range(9)]))
    assert len(survey.seats) == 1
    assert len(survey.seats[0].workloads) == 10
