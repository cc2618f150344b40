"""The controllers' objects that hold a template of Pods, as far as a workload is described by it.

Nothing but a question for a workload by its name looks at them, so most are not even read until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meshegress.findings import Source
from meshegress.loading.documents import BadDocumentError, read_documents, split_documents
from meshegress.loading.json_text import joined_surrogates
from meshegress.loading.places import Place, TextPlace

_IN_SPEC = ("spec", "template")

#: Where the template stands in an object, by its group and kind.
TEMPLATE_PATHS: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): _IN_SPEC,
    ("apps", "StatefulSet"): _IN_SPEC,
    ("apps", "DaemonSet"): _IN_SPEC,
    ("apps", "ReplicaSet"): _IN_SPEC,
    ("batch", "Job"): _IN_SPEC,
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}
"""The kinds of controllers, in the order in which one of several with one name is taken."""


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What the template of a controller's object says of its Pods; *place* is that of the object."""

    kind: str
    namespace: str
    name: str
    place: Place
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    host_network: bool = False
    node: str = ""
    service_account: str = ""
    containers: tuple[str, ...] = ()

    def source(self, *path: str | int) -> Source:
        """Return the place of the value at *path* in the object, or the nearest one around it."""
        return self.place.find(path)

    @property
    def template_path(self) -> tuple[str, ...]:
        """The path to the template."""
        return next(path for (_, kind), path in TEMPLATE_PATHS.items() if kind == self.kind)


@dataclass(frozen=True, slots=True)
class UnreadTemplates:
    """Text that holds such objects, at *place*; *namespace* is that of objects without one."""

    place: TextPlace
    namespace: str


def is_controller(version: str, kind: str) -> bool:
    """Tell whether objects of *kind* in *version* hold a template of Pods.

    >>> is_controller("apps/v1", "Deployment"), is_controller("apps/v1", "ControllerRevision")
    (True, False)
    """
    return (version.partition("/")[0], kind) in TEMPLATE_PATHS


def template_of(value: Mapping[str, Any], place: Place, namespace: str) -> PodTemplate | None:
    """Return the template in the controller's object *value*, or None where it has no name."""
    kind = str(value.get("kind"))
    metadata = _mapping(value.get("metadata"))
    held = value
    for key in TEMPLATE_PATHS[str(value.get("apiVersion")).partition("/")[0], kind]:
        held = _mapping(held.get(key))
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        return None
    own, spec = _mapping(held.get("metadata")), _mapping(held.get("spec"))
    containers = [*_items(spec.get("initContainers")), *_items(spec.get("containers"))]
    return PodTemplate(
        kind=kind,
        namespace=str(metadata.get("namespace") or namespace),
        name=name,
        place=place,
        labels=_texts(own.get("labels")),
        annotations=_texts(own.get("annotations")),
        host_network=spec.get("hostNetwork") is True,
        node=str(spec.get("nodeName") or ""),
        service_account=str(spec.get("serviceAccountName") or spec.get("serviceAccount") or ""),
        containers=tuple(str(_mapping(one).get("name") or "") for one in containers),
    )


def read_templates(rows: Iterable[PodTemplate | UnreadTemplates]) -> Iterator[PodTemplate]:
    """Give every template, reading the text of those that were not read yet."""
    for row in rows:
        if isinstance(row, PodTemplate):
            yield row
        else:
            yield from _read(row)


def _read(unread: UnreadTemplates) -> Iterator[PodTemplate]:
    """Give the templates of a text; a document that is not YAML has none."""
    text = unread.place.text[unread.place.start : unread.place.end]
    for part, _, line in split_documents(text):
        place = TextPlace(unread.place.file, part, 0, len(part), unread.place.line + line)
        for value in _values(part):
            if is_controller(str(value.get("apiVersion")), str(value.get("kind"))):
                found = template_of(value, place, unread.namespace)
                if found is not None:
                    yield found


def _values(part: str) -> list[Mapping[str, Any]]:
    try:
        documents = list(read_documents(joined_surrogates(part)))
    except BadDocumentError:
        return []
    return [document.value for document in documents if isinstance(document.value, Mapping)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _texts(value: object) -> dict[str, str]:
    """Return the labels or annotations in *value*; the API server takes texts alone."""
    return {str(key): text for key, text in _mapping(value).items() if isinstance(text, str)}
