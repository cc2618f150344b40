"""The value of a mesh configuration becomes a model, as the release reads it, or it is said what is wrong with it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from meshegress.findings import Severity
from meshegress.loading.helm_values import value_at
from meshegress.loading.places import Place
from meshegress.loading.report import Report, outside, problems_of_limits
from meshegress.loading.templates import holds_placeholder, is_encrypted
from meshegress.resources import MeshConfig
from meshegress.resources.reading import read
from meshegress.resources.releases import without_newer
from meshegress.resources.substitutions import substitutions
from meshegress.rules.problem import Problem

_SUBJECT = "MeshConfig"


def read_mesh(value: Any, place: Place, report: Report, release: str) -> MeshConfig | None:
    """Return the mesh configuration that *value* at *place* is to Istio *release*, or None once *report* says why not.

    What is yet to be rendered or decrypted is no mistake: it is left out with a word.
    """
    config = read(MeshConfig, value)
    if isinstance(config, tuple):
        value, newer = without_newer(MeshConfig, value, release)
        report.newer(newer, place, _SUBJECT, release)
        config = read(MeshConfig, value)
    if not isinstance(config, tuple):
        config.placed(place)
        return config
    if any(_is_pending(value_at(value, *problem.path)) for problem in config):
        message, help = "this mesh configuration is a template: it is left out", "render it first"
        report.at(place, Problem((), message, help, Severity.INFO, "EG005"), _SUBJECT)
        return None
    report.malformed(config, place, _SUBJECT)
    unreadable_paths = [problem.path for problem in config]
    for completed in islice(substitutions(MeshConfig, value, unreadable_paths), 1):
        for problem in outside(unreadable_paths, problems_of_limits(completed)):
            report.at(place, problem, _SUBJECT)
    return None


def _is_pending(value: Any) -> bool:
    return holds_placeholder(value) or is_encrypted(value)
