"""What is refused of every kind: each row makes a sound document one that is refused, whatever else it holds.

A row is a merge patch (RFC 7386): its mappings are merged into the document, its lists and texts replace what stands
there, and None takes a field away. An empty mapping replaces too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Mutation(NamedTuple):
    """One way to be refused: the code of the finding, what is wrong, and the patch that makes it so."""

    code: str
    what: str
    patch: Mapping[str, Any]

    def of(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return *document* broken in this way.

        >>> no_host = Mutation("EG212", "no host", {"spec": {"hosts": []}})
        >>> no_host.of({"spec": {"hosts": ["a.com"], "resolution": "DNS"}})
        {'spec': {'hosts': [], 'resolution': 'DNS'}}
        """
        return merged(document, self.patch)


def merged(value: object, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return *value* with the merge *patch* applied; what is not a mapping counts as an empty one."""
    found = dict(value) if isinstance(value, Mapping) else {}
    for key, new in patch.items():
        if new is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), new) if isinstance(new, Mapping) and new else new
    return found


def of_spec(code: str, what: str, **spec: Any) -> Mutation:
    """Return the row whose patch changes the *spec*."""
    return Mutation(code, what, {"spec": spec})


ANY_OBJECT = (
    Mutation("EG103", "no kind", {"kind": None}),
    Mutation("EG103", "no version", {"apiVersion": None}),
    Mutation("EG103", "a version that is a number", {"apiVersion": 1}),
    Mutation("EG101", "metadata that are a list", {"metadata": ["a"]}),
    Mutation("EG101", "a name that is a number", {"metadata": {"name": 1}}),
    Mutation("EG101", "a namespace that is a list", {"metadata": {"namespace": ["shop"]}}),
    Mutation("EG101", "a label that is a number", {"metadata": {"labels": {"app": 1}}}),
    Mutation("EG101", "labels that are a list", {"metadata": {"labels": ["app"]}}),
    Mutation("EG101", "an annotation that is a mapping", {"metadata": {"annotations": {"a": {"b": "c"}}}}),
    Mutation("EG101", "an age in words", {"metadata": {"creationTimestamp": "yesterday"}}),
    Mutation("EG101", "an age in seconds", {"metadata": {"creationTimestamp": 1_704_067_200}}),
)
"""What is wrong with an object of any kind: the mesh configuration alone is none."""

ANY_ISTIO = (
    Mutation("EG103", "a version that does not exist", {"apiVersion": "networking.istio.io/v2"}),
    Mutation("EG101", "a spec that is a list", {"spec": ["a"]}),
    Mutation("EG204", "a field beside the spec", {"hosts": ["a.com"]}),
    Mutation("EG201", "an annotation of Istio's own", {"metadata": {"annotations": {"istio.io/dry-run": "true"}}}),
)
"""What is wrong with an object of any of Istio's kinds."""
