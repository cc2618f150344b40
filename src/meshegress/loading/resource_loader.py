"""Documents to resources: every object is read, judged and put in its place, and every problem is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from meshegress.findings import Finding, Severity, Source
from meshegress.loading.documents import (
    DEPTH_LIMIT,
    AliasBudget,
    BadDocumentError,
    joined_surrogates,
    measure,
    read_documents,
    split_documents,
)
from meshegress.loading.json_text import read_json
from meshegress.loading.meshes import find_mesh, read_mesh
from meshegress.loading.places import FixedPlace, Place, TextPlace
from meshegress.loading.plain_yaml import read_stream
from meshegress.loading.report import Report, outside, problems_of_limits, subject_of
from meshegress.loading.resource_set import FIELDS, GROUPS, REACH, UNKNOWN_REACH, ResourceSet, UnmodelledObject
from meshegress.profiles import Profile
from meshegress.resources import ISTIO_KINDS, KINDS, NETWORKING, MeshConfig, Namespace, Resource
from meshegress.resources.reading import ShapeProblem, read
from meshegress.resources.releases import without_newer
from meshegress.resources.shape import shown
from meshegress.resources.substitutions import Path, substitutions
from meshegress.rules import Problem, mesh_config, problems
from meshegress.rules.problem import ask_all
from meshegress.sources import Text, Value

VALUE_LIMIT = 10_000_000


class ResourceLoader:
    """Takes opened sources one after the other, and keeps what is usable and all there is to say.

    Without a *validation* objects are only read, and none is judged.
    """

    def __init__(self, *, namespace: str, profile: Profile, validation: str | None) -> None:
        self.namespace = namespace
        self.profile = profile
        self.validation = validation
        self.report = Report()
        self._resources: dict[type[Resource], dict[tuple[str, str], Resource]] = {kind: {} for kind in FIELDS}
        self._mesh: tuple[MeshConfig, Source] | None = None
        self._skipped: Counter[str] = Counter()
        self._unsupported: list[UnmodelledObject] = []

    def add(self, opened: Text | Value | Finding) -> None:
        """Take one opened source, or the finding in its stead."""
        if isinstance(opened, Finding):
            self.report.add(opened)
        elif isinstance(opened, Text):
            self._add_text(opened)
        else:
            self._add_value(opened)

    def resource_set(self) -> ResourceSet:
        """Return what is usable of all that was added."""
        kinds: dict[str, Any] = {FIELDS[kind]: tuple(found.values()) for kind, found in self._resources.items()}
        if self._mesh is not None:
            kinds |= {"mesh_config": self._mesh[0], "mesh_config_source": self._mesh[1]}
        skipped = MappingProxyType(dict(self._skipped))
        return ResourceSet(**kinds, skipped=skipped, unsupported=tuple(self._unsupported))

    def _add_text(self, text: Text) -> None:
        plain = read_json(text.text)
        if plain is not None:
            self._add_document(plain.value, TextPlace(text.name, text.text, plain.start, plain.end, plain.line))
            return
        text = Text(text.name, joined_surrogates(text.text))
        budget = AliasBudget.of(text.text)
        end = 0
        try:
            for each in read_stream(text.text, budget):
                end = each.end
                self._add_document(each.value, TextPlace(text.name, text.text, each.start, end, each.line))
        except BadDocumentError:
            self._add_broken_text(text, end, budget)

    def _add_broken_text(self, text: Text, begin: int, budget: AliasBudget) -> None:
        """Take the documents of *text* from *begin* one by one, where one of them cannot be read."""
        above = text.text.count("\n", 0, begin)
        for part, start, line in split_documents(text.text[begin:]):
            start, line = begin + start, above + line
            try:
                for each in read_documents(part, budget):
                    place = TextPlace(text.name, text.text, start + each.start, start + each.end, line + each.line)
                    self._add_document(each.value, place)
            except BadDocumentError as error:
                self.report.unreadable(text.name, part, line, error)

    def _add_value(self, value: Value) -> None:
        place = FixedPlace(Source(value.name))
        if isinstance(value.value, MeshConfig):
            self._keep_mesh(value.value)
        elif isinstance(value.value, Resource):
            self._keep(value.value)
        elif _is_reasonable(value.value):
            self._add_document(value.value, place)
        else:
            message = f"nesting is deeper than {DEPTH_LIMIT}, or turns in a circle"
            self.report.at(place, Problem((), message, code="EG004"))

    def _add_document(self, value: Any, place: Place) -> None:
        if value is None or value == {}:
            return
        if not isinstance(value, Mapping):
            message = f"expected a mapping, got {shown(value)}"
            self.report.at(place, Problem((), message, code="EG102"))
        elif (found := find_mesh(value)) is None:
            self._add_object(value, place)
        elif (config := read_mesh(found, place, self.report, self.profile.release)) is not None:
            self._keep_mesh(config)

    def _add_object(self, value: Mapping[str, Any], place: Place) -> None:
        version, kind = value.get("apiVersion"), value.get("kind")
        if not isinstance(kind, str):
            problem = Problem((), "this object has no kind", "write `apiVersion` and `kind`", code="EG103")
            self.report.at(place, problem)
        elif not isinstance(version, str):
            help = "write `apiVersion: networking.istio.io/v1`" if kind in ISTIO_KINDS else "write `apiVersion`"
            self._add_unversioned(value, kind, place, Problem((), "this object has no apiVersion", help))
        elif (model := KINDS.get((version, kind))) is not None:
            self._add_resource(model, value, place)
        elif kind.endswith("List") and isinstance(value.get("items"), (list, tuple, type(None))):
            self._add_list(value, version, kind.removesuffix("List"), place)
        else:
            self._add_other(value, version, kind, place)

    def _add_list(self, value: Mapping[str, Any], version: str, kind: str, place: Place) -> None:
        for index, item in enumerate(value.get("items") or ()):
            if kind and isinstance(item, Mapping) and "kind" not in item:
                item = {"apiVersion": version, "kind": kind, **item}
            self._add_document(item, place.within("items", index))

    def _add_other(self, value: Mapping[str, Any], version: str, kind: str, place: Place) -> None:
        """Take an object of a kind that is not modelled: count it, or say what it could touch."""
        group = version.partition("/")[0] if "/" in version else ""
        if kind in ISTIO_KINDS and group == "networking.istio.io":
            message, help = f"{shown(version)} is not a version of {kind}", "write `networking.istio.io/v1`"
            self._add_unversioned(value, kind, place, Problem(("apiVersion",), message, help))
        elif kind == "IstioOperator" or not any(f".{group}".endswith(f".{each}") for each in GROUPS):
            self._skipped[f"{version}/{kind}"] += 1
        else:
            self._keep_unsupported(value, group, kind, place)

    def _add_unversioned(self, value: Mapping[str, Any], kind: str, place: Place, problem: Problem) -> None:
        """Say what is wrong with the version of an object, and with all the rest of it."""
        self.report.at(place, replace(problem, code="EG103"), subject_of(value))
        if (model := ISTIO_KINDS.get(kind)) is not None:
            self._add_resource(model, {**value, "apiVersion": f"{NETWORKING}/v1"}, place, is_usable=False)

    def _keep_unsupported(self, value: Mapping[str, Any], group: str, kind: str, place: Place) -> None:
        metadata = value.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        namespace, name = str(metadata.get("namespace") or self.namespace), str(metadata.get("name") or "")
        reach = REACH.get((group, kind), UNKNOWN_REACH)
        self._unsupported.append(UnmodelledObject(kind, namespace, name, place.find(()), reach))
        message = f"this kind is not modelled; it could touch {reach}"
        problem = Problem((), message, severity=Severity.WARNING, code="EG301")
        self.report.at(place, problem, f"{kind} `{namespace}/{name}`")

    def _add_resource(
        self, model: type[Resource], value: Mapping[str, Any], place: Place, *, is_usable: bool = True
    ) -> None:
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
            return
        resource.placed(place)
        self._keep(resource, value, is_usable=is_usable)

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

    def _keep(self, resource: Resource, written: Mapping[str, Any] | None = None, *, is_usable: bool = True) -> None:
        """Judge *resource*, and keep it where it *is_usable* so far and nothing stands against it."""
        resource = self._with_namespace(resource)
        said = self._judged(resource, written)
        for problem in said:
            self.report.of(resource, problem)
        if is_usable and all(problem.severity is not Severity.ERROR for problem in said):
            self._place(resource)

    def _judged(self, resource: Resource, written: Mapping[str, Any] | None, *, is_whole: bool = True) -> list[Problem]:
        if self.validation is None:
            return []
        said = problems(self._with_namespace(resource), self.profile, self.validation, written, is_whole=is_whole)
        return [*said, *problems_of_limits(resource)]

    def _with_namespace(self, resource: Resource) -> Resource:
        """Return *resource* in a namespace."""
        if resource.metadata.namespace or isinstance(resource, Namespace):
            return resource
        metadata = resource.metadata.model_copy(update={"namespace": self.namespace})
        return resource.model_copy(update={"metadata": metadata})

    def _place(self, resource: Resource) -> None:
        found = self._resources[type(resource)]
        key = (resource.metadata.namespace, resource.metadata.name)
        earlier = found.get(key)
        if earlier is not None:
            message = f"this replaces the one at {earlier.source('metadata', 'name')}"
            path = ("metadata", "name")
            self.report.of(resource, Problem(path, message, "keep one of the two", Severity.WARNING, "EG104"))
        found[key] = resource

    def _keep_mesh(self, config: MeshConfig) -> None:
        if self._mesh is not None:
            message = f"a second mesh configuration: the first is at {self._mesh[1]}"
            self.report.of(config, Problem((), message, "load one of the two", code="EG105"))
            return
        refused = ask_all(mesh_config.RULES, config, self.profile)
        for problem in (*problems_of_limits(config), *refused):
            self.report.of(config, problem)
        if not refused:
            self._mesh = (config, config.source())


def _is_reasonable(value: Mapping[str, Any]) -> bool:
    """Tell whether *value* ends: it is not too deep, does not turn in a circle, and does not multiply itself."""
    size = measure(value, {})
    return size.height <= DEPTH_LIMIT and size.total <= VALUE_LIMIT
