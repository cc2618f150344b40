"""What a document is: an object, a list of them, a holder of the mesh configuration, or none of the mesh's business."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meshegress.findings import Severity
from meshegress.loading.complaints import complaint_in, complaint_of
from meshegress.loading.helm_values import value_at
from meshegress.loading.kept import KeptObjects
from meshegress.loading.kinds import MeantKind, nearest_kind
from meshegress.loading.kustomize import Kustomizations, is_kustomization
from meshegress.loading.left_out import LeftOutDocuments
from meshegress.loading.mesh_loading import MeshConfigs
from meshegress.loading.meshes import MESH_FIELDS, find_meshes
from meshegress.loading.objects import ObjectReader
from meshegress.loading.places import Place, TextPlace
from meshegress.loading.pod_annotations import annotation_problems
from meshegress.loading.pod_templates import PodTemplate, UnreadTemplates, is_controller, template_of
from meshegress.loading.report import Report, subject_of
from meshegress.loading.resource_set import GROUPS, REACH, UNKNOWN_REACH, UnmodelledObject
from meshegress.loading.statuses import stale_addresses
from meshegress.loading.summary import LeftOut
from meshegress.loading.templates import is_encrypted, is_template
from meshegress.loading.unmodelled_scope import is_beyond_sidecars, scope_of
from meshegress.resources import ISTIO_KINDS, KINDS, NETWORKING, Namespace, Pod, Resource, ServiceEntry
from meshegress.resources.shape import shown
from meshegress.rules import Problem

TEMPLATE = Problem((), "a template: render it first", "for example with `helm template`", code="EG005")
_ENCRYPTED = Problem((), "encrypted by SOPS: decrypt it first", "for example with `sops --decrypt`", code="EG006")


class Intake:
    """Takes documents one after the other, each to where it belongs."""

    def __init__(self, objects: ObjectReader, meshes: MeshConfigs, left_out: LeftOutDocuments) -> None:
        self.objects = objects
        self.meshes = meshes
        self.left_out = left_out
        self.kept = KeptObjects()
        self.kustomizations = Kustomizations(objects.namespace)
        self.skipped: Counter[str] = Counter()
        self.unsupported: list[UnmodelledObject] = []
        self.pod_templates: list[PodTemplate | UnreadTemplates] = []
        self.documents = 0
        self.is_complete = False
        self._report: Report = objects.report

    @property
    def usable(self) -> int:
        """How many documents so far were objects or mesh configurations that are taken as they are."""
        return self.kept.count + len(self.unsupported) + self.skipped.total() + self.meshes.count

    def take(self, value: Any, place: Place, file: str, text: str = "") -> None:
        """Take the document *value* of *file*, which stands at *place*.

        *text* is its text where that may be a template.
        """
        if value is None or value == {}:
            return
        patching = self.kustomizations.patched_by(file)
        if patching is not None:
            self.leave_out(LeftOut.PATCH, file, place, _patch(patching))
        elif not isinstance(value, Mapping):
            self._take_other_value(value, place, file)
        elif is_kustomization(value, file):
            self.documents += 1
            self.left_out.counts[LeftOut.KUSTOMIZATION] += 1
            self.kustomizations.take(value, file, place)
        else:
            self._take_mapping(value, place, file, text)

    def count_others(self, documents: Sequence[Mapping[str, Any]], file: str, text: str) -> None:
        """Count objects of kinds that cannot matter, which are all that *text* holds."""
        self.documents += len(documents)
        if any(is_controller(each["apiVersion"], each["kind"]) for each in documents):
            place = TextPlace(file, text, 0, len(text), 0)
            self.pod_templates.append(UnreadTemplates(place, self.objects.namespace))
        for each in documents:
            self.skipped[f"{each['apiVersion']}/{each['kind']}"] += 1

    def keep(self, resource: Resource, place: Place) -> None:
        """Keep a *resource* that was built in Python, unless something stands against it."""
        self.documents += 1
        start = len(self._report.findings)
        self._settle(self.objects.judge(resource), resource, place, start)

    def _take_mapping(self, value: Mapping[str, Any], place: Place, file: str, text: str) -> None:
        kind, version = value.get("kind"), value.get("apiVersion")
        if not isinstance(kind, str):
            self._take_kindless(value, place, file)
        elif not isinstance(version, str):
            self._take_unversioned(value, kind, place, file)
        elif (model := KINDS.get((version, kind))) is not None:
            self._take_object(model, value, place, file, text)
        elif kind.endswith("List") and isinstance(value.get("items"), (list, tuple, type(None))):
            self._take_list(value, version, kind.removesuffix("List"), place, file, text)
        else:
            self._take_other(value, version, kind, place)

    def _take_other_value(self, value: Any, place: Place, file: str) -> None:
        complaint = complaint_in(value) if isinstance(value, str) else None
        if complaint is not None:
            self._report.at(place, complaint)
            return
        help = "begin each resource with `apiVersion`, `kind` and `metadata`"
        message = f"expected a mapping, got {shown(value)}"
        self.leave_out(LeftOut.NOT_A_MAPPING, file, place, Problem((), message, help, code="EG102"))

    def _take_kindless(self, value: Mapping[str, Any], place: Place, file: str) -> None:
        """Take a mapping without a kind: values, a mesh configuration, or something foreign."""
        found = list(find_meshes(value, place, self._report))
        if found:
            self.documents += 1
            for each in found:
                self.meshes.take(each)
        elif (complaint := complaint_of(value)) is not None:
            self._report.at(place, complaint)
        elif isinstance(value.get("items"), list) and "apiVersion" in value:
            self._take_cut_list(value, place, file)
        elif is_encrypted(value):
            self.leave_out(LeftOut.ENCRYPTED, file, place, _ENCRYPTED)
        elif "apiVersion" in value and "metadata" in value:
            self.documents += 1
            start = len(self._report.findings)
            self._report.at(place, _without_kind(value))
            self._settle(None, value, place, start)
        else:
            self.leave_out(LeftOut.NO_KIND, file, place, _without_kind(value))

    def _take_cut_list(self, value: Mapping[str, Any], place: Place, file: str) -> None:
        """Take the items of a List that lacks its end: commands print ``kind`` behind them."""
        message = "this looks like a List that ends early: `kind` is missing behind its items"
        self._report.at(place, Problem((), message, "was the command cut off? run it again", code="EG008"))
        for index, item in enumerate(value["items"][:-1]):
            self.take(item, place.within("items", index), file)

    def _take_unversioned(self, value: Mapping[str, Any], kind: str, place: Place, file: str) -> None:
        meant = nearest_kind(f"{NETWORKING}/v1", kind)
        if kind not in ISTIO_KINDS and meant is None and nearest_kind("v1", kind) is None and kind not in _KINDS:
            problem = Problem((), "this object has no apiVersion", "write `apiVersion`", code="EG103")
            self.leave_out(LeftOut.NO_KIND, file, place, problem, subject_of(value))
            return
        help = "write `apiVersion: networking.istio.io/v1`" if kind in ISTIO_KINDS else "write `apiVersion`"
        self._refuse_meant(value, kind, place, Problem((), "this object has no apiVersion", help))

    def _take_list(self, value: Mapping[str, Any], version: str, kind: str, place: Place, file: str, text: str) -> None:
        self.is_complete |= value_at(value, "metadata", "annotations", _COMPLETE) == "true"
        for index, item in enumerate(value.get("items") or ()):
            if kind and isinstance(item, Mapping) and "kind" not in item:
                item = {"apiVersion": version, "kind": kind, **item}
            self.take(item, place.within("items", index), file, text and " ")

    def _take_other(self, value: Mapping[str, Any], version: str, kind: str, place: Place) -> None:
        """Take an object of a kind that is not modelled: a holder of the mesh configuration, or what it could touch."""
        self.documents += 1
        group = version.rpartition("/")[0]
        meant = nearest_kind(version, kind)
        if meant is not None:
            self._refuse_meant(value, meant.kind, place, _of_meant(meant))
            return
        found = list(find_meshes(value, place, self._report))
        for each in found:
            self.meshes.take(each)
        if found:
            return
        if kind == "IstioOperator" or not any(f".{group}".endswith(f".{each}") for each in GROUPS):
            self.skipped[f"{version}/{kind}"] += 1
            if is_controller(version, kind):
                self._keep_template(value, place)
        else:
            self._keep_unsupported(value, group, kind, place)

    def _keep_unsupported(self, value: Mapping[str, Any], group: str, kind: str, place: Place) -> None:
        metadata = value.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        namespace, name = str(metadata.get("namespace") or self.objects.namespace), str(metadata.get("name") or "")
        reach = REACH.get((group, kind), UNKNOWN_REACH)
        scope = scope_of(kind, value, namespace)
        self.unsupported.append(UnmodelledObject(kind, namespace, name, place.find(()), reach, scope))
        message = f"this kind is not modelled; it could touch {reach}"
        problem = Problem((), message, severity=Severity.WARNING, code="EG301")
        if is_beyond_sidecars(kind, scope):
            problem = _BEYOND_SIDECARS
        self._report.at(place, problem, f"{kind} `{namespace}/{name}`")

    def _keep_template(self, value: Mapping[str, Any], place: Place) -> None:
        """Keep the template of a controller's object; of most objects only version and kind were read so far."""
        if "metadata" in value:
            found = template_of(value, place, self.objects.namespace)
            if found is not None:
                self.pod_templates.append(found)
        elif isinstance(place, TextPlace):
            self.pod_templates.append(UnreadTemplates(place, self.objects.namespace))

    def _refuse_meant(self, value: Mapping[str, Any], kind: str, place: Place, problem: Problem) -> None:
        """Say what is wrong with the version or kind of an object, and with all the rest of it."""
        start = len(self._report.findings)
        self._report.at(place, replace(problem, code="EG103"), subject_of(value))
        if (model := ISTIO_KINDS.get(kind)) is not None:
            self.objects.read(model, {**value, "apiVersion": f"{NETWORKING}/v1", "kind": kind}, place)
        self._settle(None, value, place, start)

    def _take_object(self, model: type[Resource], value: Mapping[str, Any], place: Place, file: str, text: str) -> None:
        if text and is_template(value, text):
            self.leave_out(LeftOut.TEMPLATE, file, place, TEMPLATE, subject_of(value))
            return
        if "sops" in value or (text and is_encrypted(value)):
            self.leave_out(LeftOut.ENCRYPTED, file, place, _ENCRYPTED, subject_of(value))
            return
        self.documents += 1
        start = len(self._report.findings)
        resource = self.objects.read(model, value, place)
        if resource is None and not text and is_template(value):
            del self._report.findings[start:]
            self.documents -= 1
            self.leave_out(LeftOut.TEMPLATE, file, place, TEMPLATE, subject_of(value))
            return
        if resource is not None:
            self._take_note(resource, value, file)
        self._settle(resource, value, place, start)

    def _take_note(self, resource: Resource, value: Mapping[str, Any], file: str) -> None:
        """Say of a usable object what its metadata lacks."""
        if not resource.metadata.name and "generateName" not in resource.metadata.unknown:
            path, help = ("metadata", "name"), "the API server asks for one"
            self._report.of(resource, Problem(path, "the object has no name", help, Severity.WARNING, "EG108"))
        for problem in _notes(resource):
            self._report.of(resource, problem)
        if self.kustomizations and not isinstance(resource, Namespace) and not _has_namespace(value):
            self.kustomizations.landed(file, resource.subject)

    def _settle(self, resource: Resource | None, given: Mapping[str, Any] | Resource, place: Place, start: int) -> None:
        """Keep *resource*, or remember that what was *given* is refused, for what was found from *start* on."""
        if resource is not None:
            self.kept.keep(resource)
        else:
            self.kept.refuse(given, self.objects.namespace, place, self._report.findings[start:])

    def leave_out(self, reason: LeftOut, file: str, place: Place, problem: Problem, subject: str = "") -> None:
        """Leave a document out for *reason*; *problem* is what there is to say of it."""
        self.documents += 1
        self.left_out.add(reason, file, place, problem, subject)


_COMPLETE = "meshegress.io/complete"
_BEYOND_SIDECARS = Problem(
    (),
    "this is not modelled, and for gateways or inbound traffic alone: no outgoing request of a sidecar depends on it",
    "answers about sidecars hold as they are",
    Severity.INFO,
    "EG301",
)
_KINDS = frozenset(kind for _, kind in KINDS)


def _notes(resource: Resource) -> Iterable[Problem]:
    """Return what there is to say of a usable object that Istio's webhook does not say."""
    if isinstance(resource, Pod):
        return annotation_problems(resource.metadata.annotations)
    return stale_addresses(resource) if isinstance(resource, ServiceEntry) else ()


def _of_meant(meant: MeantKind) -> Problem:
    return Problem((meant.field,), meant.message, meant.help)


def _patch(kustomization: str) -> Problem:
    help = "build the kustomization first"
    return Problem((), f"a patch of `{kustomization}`: it is not an object", help, code="EG107")


def _without_kind(value: Mapping[str, Any]) -> Problem:
    """Return what there is to say of a mapping that is neither an object nor a mesh configuration."""
    if (kind := value.get("kind")) is not None:
        return Problem((), f"{shown(kind)} is not a kind", "write `apiVersion` and `kind`", code="EG103")
    strange = [key for key in value if key not in MESH_FIELDS]
    if "apiVersion" in value or len(strange) == len(value):
        return Problem((), "this object has no kind", "write `apiVersion` and `kind`", code="EG103")
    near = difflib.get_close_matches(str(strange[0]), MESH_FIELDS, n=1)
    help = f"did you mean `{near[0]}`?" if near else "if it is one, name it as the mesh configuration"
    message = f"this is not taken for a mesh configuration, which has no field {shown(strange[0])}"
    return Problem((), message, help, code="EG103")


def _has_namespace(value: Mapping[str, Any]) -> bool:
    metadata = value.get("metadata")
    return isinstance(metadata, Mapping) and bool(metadata.get("namespace"))
