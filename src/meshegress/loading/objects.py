"""One object: its value becomes a model, or all that is wrong with it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from meshegress.findings import Severity
from meshegress.loading.places import Place
from meshegress.loading.report import Report, outside, problems_of_limits, subject_of
from meshegress.loading.said_once import said_once
from meshegress.profiles import Profile
from meshegress.resources import ISTIO_KINDS, Namespace, Resource
from meshegress.resources.reading import ShapeProblem, read
from meshegress.resources.releases import without_newer
from meshegress.resources.substitutions import Path, substitutions
from meshegress.rules import Problem, problems

_SPEC_IN_METADATA = "`spec` stands in `metadata`: this object has none"


class ObjectReader:
    """Reads and judges objects by the rules of one release; without a *validation* none is judged.

    With *is_strict* a field that does not exist is an error.
    """

    def __init__(
        self, *, namespace: str, profile: Profile, validation: str | None, report: Report, is_strict: bool
    ) -> None:
        self.namespace = namespace
        self.profile = profile
        self.validation = validation
        self.report = report
        self.is_strict = is_strict

    def read(self, model: type[Resource], value: Mapping[str, Any], place: Place) -> Resource | None:
        """Return the *model* that *value* is, placed and in a namespace; None once it is said why it is not usable."""
        value = value if self.validation is not None else _identity(value)
        resource = read(model, value)
        if isinstance(resource, tuple):
            value = self._without_newer(model, value, place)
            resource = read(model, value)
        if isinstance(resource, tuple) and model in ISTIO_KINDS.values():
            value = self._without_bad_status(resource, value, place)
            resource = read(model, value)
        if isinstance(resource, tuple):
            self.report.malformed(resource, place, subject_of(value))
            self._judge_readable(model, value, place, unreadable_paths=[problem.path for problem in resource])
            return None
        resource.placed(place)
        return self.judge(resource, value)

    def judge(self, resource: Resource, written: Mapping[str, Any] | None = None) -> Resource | None:
        """Return *resource* in a namespace; None once it is said what stands against it."""
        resource = self._with_namespace(resource)
        said = self._judged(resource, written)
        for problem in said:
            self.report.of(resource, problem)
        return None if any(problem.severity is Severity.ERROR for problem in said) else resource

    def _without_newer(self, model: type[Resource], value: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
        """Return *value* without the fields that this release does not have: it does not mind what they hold."""
        known, newer = without_newer(model, value, self.profile.release)
        self.report.newer(newer, place, subject_of(value), self.profile.release)
        return cast("Mapping[str, Any]", known)

    def _without_bad_status(
        self, found: Sequence[ShapeProblem], value: Mapping[str, Any], place: Place
    ) -> Mapping[str, Any]:
        """Return *value* without a ``status`` that Istio could not read: it takes the object as if it had none."""
        bad = [problem for problem in found if problem.path[:1] == ("status",)]
        for problem in bad:
            message = f"{problem.message}: the status counts as absent"
            told = Problem(problem.path, message, problem.help, Severity.WARNING, "EG101")
            self.report.at(place, told, subject_of(value))
        return {key: held for key, held in value.items() if key != "status"} if bad else value

    def _judge_readable(
        self, model: type[Resource], value: Mapping[str, Any], place: Place, unreadable_paths: Sequence[Path]
    ) -> None:
        """Say of a malformed object what holds whatever stood at *unreadable_paths*."""
        certain: list[Problem] | None = None
        for completed in substitutions(model, value, unreadable_paths):
            completed.placed(place)
            said = self._judged(completed, value, is_whole=False)
            certain = said if certain is None else [one for one in certain if one in said]
            if not certain:
                return
        for problem in outside(unreadable_paths, certain or ()):
            self.report.at(place, problem, subject_of(value))

    def _judged(self, resource: Resource, written: Mapping[str, Any] | None, *, is_whole: bool = True) -> list[Problem]:
        if self.validation is None:
            return []
        if "spec" in resource.metadata.unknown:
            path, help = ("metadata", "spec"), "move it out, below the object itself"
            return [Problem(path, _SPEC_IN_METADATA, help, code="EG204")]
        judged = problems(self._with_namespace(resource), self.profile, self.validation, written, is_whole=is_whole)
        said = said_once([*judged, *problems_of_limits(resource)])
        if self.is_strict:
            return [replace(one, severity=Severity.ERROR) if one.code == "EG303" else one for one in said]
        return said

    def _with_namespace(self, resource: Resource) -> Resource:
        """Return *resource* in a namespace."""
        if resource.metadata.namespace or isinstance(resource, Namespace):
            return resource
        metadata = resource.metadata.model_copy(update={"namespace": self.namespace})
        return resource.model_copy(update={"metadata": metadata})


def _identity(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of *value* what names an object, whatever else is wrong with it."""
    metadata = value.get("metadata")
    held = metadata if isinstance(metadata, Mapping) else {}
    kept = {key: held[key] for key in ("name", "namespace") if key in held}
    return {**{key: value[key] for key in ("apiVersion", "kind") if key in value}, "metadata": kept}
