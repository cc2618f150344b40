"""Who sent the request of an entry, as far as the log says: the workload whose table decides it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from meshegress.accesslog.reading.emitter import Emitter
from meshegress.loading import DEFAULT_NAMESPACE
from meshegress.mesh import Mesh
from meshegress.request import Workload
from meshegress.resources import Pod

Workloads: TypeAlias = "Workload | str | Callable[[Emitter], Workload | None] | None"

#: What controllers append to the name of a Pod: of a ReplicaSet, DaemonSet or Job a hash, of a StatefulSet a number.
_GENERATED = re.compile(r"(?:-[bcdf-hj-np-tv-z2456789]{6,10})?-[bcdf-hj-np-tv-z2456789]{5}|-[0-9]+")
#: Labels that each ReplicaSet or Pod has of its own: a rule that selects one selects a revision, not a workload.
_OWN_LABELS = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index",
    }
)
_MOST_KNOWN = 1 << 16
_PLACEHOLDERS = {4: "192.0.2.1", 6: "2001:db8::1"}


@dataclass(frozen=True, slots=True)
class Sender:
    """A workload and what the log calls it; ``name`` is empty where only the namespace is known, or nothing."""

    workload: Workload
    name: str = ""
    is_known: bool = False

    def __str__(self) -> str:
        namespace = self.workload.namespace
        return f"{namespace}/{self.name}" if self.name else namespace

    def sort_key(self) -> tuple[object, ...]:
        """Return what senders are ordered by."""
        return (str(self), sorted(self.workload.labels.items()), self.workload.addresses, self.is_known)


class Senders:
    """Finds the sender of each emitter: as *workloads* says, else by the Pods of *mesh*, else by the namespace.

    Equal senders are one object.
    """

    def __init__(self, mesh: Mesh, workloads: Workloads = None) -> None:
        self._find = workloads if callable(workloads) else None
        given = DEFAULT_NAMESPACE if workloads is None or callable(workloads) else workloads
        self._default = Workload(given) if isinstance(given, str) else given
        self._pods: Mapping[tuple[str, str], Pod] = {(pod.namespace, pod.name): pod for pod in mesh.resources.pods}
        self._known: dict[object, Sender] = {}
        self._interned: dict[Sender, Sender] = {}

    def of(self, emitter: Emitter) -> Sender:
        """Return who sent what *emitter* logged."""
        key: object = emitter if self._find is not None else (emitter.namespace, emitter.pod)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            made = (
                self._look_up(emitter.namespace, emitter.pod)
                if self._find is None
                else self._named_by(emitter, self._find)
            )
            found = self._known[key] = self._interned.setdefault(made, made)
        return found

    def _named_by(self, emitter: Emitter, find: Callable[[Emitter], Workload | None]) -> Sender:
        workload = find(emitter)
        name = workload_name(emitter.pod) if emitter.pod else ""
        return Sender(self._default) if workload is None else Sender(workload, name, is_known=True)

    def _look_up(self, namespace: str | None, name: str | None) -> Sender:
        if namespace is None:
            return Sender(self._default)
        shown = workload_name(name) if name else ""
        pod = self._pods.get((namespace, name)) if name else None
        if pod is not None:
            return Sender(_workload_of(pod), shown, is_known=True)
        if namespace == self._default.namespace:
            return Sender(self._default, shown, is_known=True)
        return Sender(Workload(namespace), shown, is_known=True)


def workload_name(pod: str) -> str:
    """Return the name of the workload that *pod* belongs to, without what controllers append.

    >>> workload_name("cart-6d5f8c7b9d-x2x9z"), workload_name("db-0"), workload_name("cart")
    ('cart', 'db', 'cart')
    """
    found = _GENERATED.search(pod, max(pod.find("-"), 0))
    while found is not None and found.end() != len(pod):
        found = _GENERATED.search(pod, found.start() + 1)
    return pod[: found.start()] if found is not None and found.start() else pod


def _workload_of(pod: Pod) -> Workload:
    """Return the workload of *pod*, of whose own address only the family is kept: all its Pods are one sender."""
    labels = {key: value for key, value in pod.metadata.labels.items() if key not in _OWN_LABELS}
    texts = [each.ip for each in pod.status.pod_ips] or [pod.status.pod_ip]
    families = dict.fromkeys(6 if ":" in text else 4 for text in texts if text)
    addresses = tuple(_PLACEHOLDERS[family] for family in families or (4,))
    return Workload(pod.namespace, labels=labels, addresses=addresses)
