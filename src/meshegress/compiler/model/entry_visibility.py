"""What the mesh's ``serviceEntryVisibility`` leaves of the namespaces that an entry is exported to.

Source: Istio, pilot/pkg/model, serviceentry_visibility.go and PushContext.serviceExportTo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from meshegress.compiler.model.services import Service
from meshegress.resources import MeshConfig, Namespace
from meshegress.resources.mesh_config import (
    LabelSelector,
    LabelSelectorRequirement,
    ServiceEntryVisibility,
    Visibility,
    VisibilityPolicy,
)

#: Every namespace of a cluster bears its own name under this label.
_NAME_LABEL = "kubernetes.io/metadata.name"

_OPERATORS: dict[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "In": lambda value, wanted: value in wanted,
    "NotIn": lambda value, wanted: value not in wanted,
    "Exists": lambda value, _wanted: value is not None,
    "DoesNotExist": lambda value, _wanted: value is None,
}

_NOBODY = frozenset(("~",))


class EntryVisibility:
    """Narrows what entries are exported to; it only ever takes away, and only where the mesh asks for it."""

    def __init__(self, mesh: MeshConfig, namespaces: Iterable[Namespace], *, known: bool) -> None:
        setting = mesh.service_entry_visibility
        self._setting = setting if known and setting is not None and setting.apply_to_sidecars else None
        self._labels = {row.name: {_NAME_LABEL: row.name, **row.metadata.labels} for row in namespaces}
        self._found: dict[str, Visibility] = {}

    def narrow(self, exported: frozenset[str], service: Service) -> frozenset[str]:
        """Return what is left of *exported* for *service*."""
        if self._setting is None or service.is_kubernetes or exported == _NOBODY:
            return exported
        visibility = self._visibility_in(service.namespace, self._setting)
        if visibility is Visibility.NONE:
            return _NOBODY
        if visibility is not Visibility.NAMESPACE:
            return exported
        return frozenset(".") if exported & {"*", ".", service.namespace} else _NOBODY

    def _visibility_in(self, namespace: str, setting: ServiceEntryVisibility) -> Visibility:
        if namespace not in self._found:
            labels = self._labels.get(namespace, {_NAME_LABEL: namespace})
            fitting = (policy.visibility for policy in setting.policies if _holds(policy, labels))
            self._found[namespace] = next(fitting, setting.default_visibility)
        return self._found[namespace]


def _holds(policy: VisibilityPolicy, labels: Mapping[str, str]) -> bool:
    """Return whether every rule of *policy* holds; one that asks for nothing never does."""
    selectors = (rule.namespace_selector for rule in policy.matching_rules)
    return all(selector is not None and _selects(selector, labels) for selector in selectors)


def _selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    plain = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return plain and all(_satisfies(row, labels) for row in selector.match_expressions)


def _satisfies(row: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    operator = _OPERATORS.get(row.operator)
    return operator is not None and operator(labels.get(row.key), row.values)
