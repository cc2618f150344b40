"""What is kept of all objects: the usable ones by kind and identity, their other versions, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshegress.findings import Finding
from meshegress.loading.ages import as_replacing
from meshegress.loading.places import Place
from meshegress.loading.resource_set import FIELDS
from meshegress.loading.summary import Duplicate, Refused
from meshegress.loading.versions import is_copy
from meshegress.resources import Resource

Key = tuple[str, str]


class KeptObjects:
    """The objects so far; one of the same kind, namespace and name takes the place of the one before."""

    def __init__(self) -> None:
        self._kinds: dict[type[Resource], dict[Key, Resource]] = {kind: {} for kind in FIELDS}
        self._versions: dict[tuple[type[Resource], Key], list[Resource]] = {}
        self.refused: list[Refused] = []
        self.copies = 0
        self.count = 0

    def keep(self, resource: Resource) -> None:
        """Keep *resource*, and what it replaces as another version of it; an equal copy is no version."""
        self.count += 1
        found = self._kinds[type(resource)]
        key = (resource.metadata.namespace, resource.metadata.name)
        earlier = found.get(key)
        if earlier is None or not resource.metadata.name:
            found[key if resource.metadata.name else (resource.metadata.namespace, f"\0{self.count}")] = resource
            return
        resource = as_replacing(resource, earlier)
        versions = self._versions.get((type(resource), key), [])
        if is_copy(resource, earlier):
            self.copies += 1
            found[key] = as_replacing(earlier, resource)
            return
        others = [each for each in versions if not is_copy(each, resource)]
        self._versions[type(resource), key] = [*others, earlier]
        found[key] = resource

    def refuse(
        self, value: Mapping[str, Any] | Resource, namespace: str, place: Place, said: Sequence[Finding]
    ) -> None:
        """Remember an object that is not usable; *namespace* is that of objects without one."""
        value = value.as_wire() if isinstance(value, Resource) else value
        metadata = value.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        own, name = str(metadata.get("namespace") or namespace), str(metadata.get("name") or "")
        where = said[0].where if said else place.find(())
        kind, spec = str(value.get("kind")), value.get("spec")
        spec = spec if isinstance(spec, Mapping) else {}
        hosts = (*_texts(spec.get("hosts")), *_texts([spec.get("host")]))
        if kind == "Service":
            hosts = (f"{name}.{own}.svc.cluster.local",)
        self.refused.append(
            Refused(kind, own, name, where, tuple(said), hosts, tuple(_numbers(spec)), _texts(spec.get("exportTo")))
        )

    def fields(self) -> dict[str, Any]:
        """Return the objects by the fields of a ResourceSet."""
        return {FIELDS[kind]: tuple(found.values()) for kind, found in self._kinds.items()}

    def counts(self) -> Counter[str]:
        """Return how many there are of each kind."""
        return Counter({next(iter(found.values())).kind: len(found) for found in self._kinds.values() if found})

    def duplicates(self) -> tuple[Duplicate, ...]:
        """Return the identities that have several versions."""
        return tuple(
            Duplicate(self._kinds[kind][key], tuple(reversed(others))) for (kind, key), others in self._versions.items()
        )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _numbers(spec: Mapping[str, Any]) -> Iterator[int]:
    """Give the numbers of the ports that an entry or a Service declares."""
    ports = spec.get("ports")
    for port in ports if isinstance(ports, list) else ():
        number = port.get("number", port.get("port")) if isinstance(port, Mapping) else None
        if isinstance(number, int):
            yield number
