"""The workload as it is: from a Pod, or from the template of a Deployment or another controller.

Source: Istio, pkg/kube/inject, injectRequired and the selectors of its webhook.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from meshegress.compiler.model.proxy_configs import ProxyConfigIndex, proxy_metadata
from meshegress.decision import Origin, Sourced
from meshegress.errors import WorkloadError
from meshegress.loading import ResourceSet
from meshegress.loading.pod_annotations import PROXY_CONFIG, proxy_config_of
from meshegress.loading.pod_templates import TEMPLATE_PATHS, PodTemplate, read_templates
from meshegress.request import Workload
from meshegress.request.capture import INTERCEPTION_MODE, Capture, unreadable_annotations
from meshegress.resources import Pod
from meshegress.resources.mesh_config import InterceptionMode

_INJECT = "sidecar.istio.io/inject"
_INJECTION = "istio-injection"
_REVISION = "istio.io/rev"
_MODE = "istio.io/dataplane-mode"
_AMBIENT = "ambient"
_SIDECAR = "istio-proxy"
#: Namespaces in which the injector does nothing.
_IGNORED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """What describes a workload, wherever it was written; *path* leads to the part that is the Pod's."""

    kind: str
    namespace: str
    name: str
    resource: Sourced
    labels: Labels
    annotations: Labels
    host_network: bool
    node: str
    service_account: str
    containers: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


class Senders:
    """The Pods and templates of *resources* by namespace and name; made when somebody first asks for one."""

    def __init__(self, resources: ResourceSet) -> None:
        self._senders: dict[tuple[str, str], Sender] = {}
        order = [kind for _, kind in TEMPLATE_PATHS]
        templates = sorted(read_templates(resources.pod_templates), key=lambda row: order.index(row.kind), reverse=True)
        for sender in (*map(_of_template, templates), *map(_of_pod, resources.pods)):
            self._senders[sender.namespace, sender.name] = sender

    def find(self, text: str) -> Sender:
        """Return the one called *text*, such as ``shop/cart``: a Pod, else a controller.

        Raises WorkloadError where there is none.
        """
        namespace, slash, name = text.partition("/")
        if not slash or not namespace or not name:
            raise WorkloadError(text, "write the namespace and the name, such as `shop/cart`")
        found = self._senders.get((namespace, name))
        if found is None:
            raise WorkloadError(text, "no Pod, Deployment or other controller of this name was given", self._near(text))
        return found

    def _near(self, text: str) -> str:
        names = ["/".join(key) for key in self._senders]
        near = difflib.get_close_matches(text, names, n=1)
        return f"did you mean `{near[0]}`?" if near else "give its Pod or its Deployment too"


def workload_of(sender: Sender, resources: ResourceSet, configs: ProxyConfigIndex, mode: str) -> Workload:
    """Return the workload that *sender* is; *mode* is how proxies intercept where it does not say."""
    metadata = _metadata(sender.annotations)
    chosen = metadata.get("INTERCEPTION_MODE", mode)
    metadata |= configs.selected(sender.namespace, sender.labels)
    if sender.node:
        metadata["NODE_NAME"] = sender.node
    if sender.service_account:
        metadata["SERVICE_ACCOUNT"] = sender.service_account
    absence, is_ambient = _absence(sender, resources)
    owner = Origin(sender.kind, sender.namespace, sender.name, sender.resource, host_path=sender.path)
    capture = replace(
        Capture.of(sender.annotations),
        is_redirected=chosen != InterceptionMode.NONE.value,
        absence=absence,
        is_ambient=is_ambient,
        owner=owner,
        path=sender.path,
    )
    workload = Workload(sender.namespace, labels=sender.labels, metadata=metadata, capture=capture)
    return replace(workload, addresses=sender.addresses) if sender.addresses else workload


def _metadata(annotations: Labels) -> dict[str, str]:
    """Return the metadata of the proxy that a Pod's *annotations* give it."""
    config = proxy_config_of(annotations.get(PROXY_CONFIG, ""))
    metadata = {} if config is None else proxy_metadata(config.proxy_metadata)
    if config is not None and "interception_mode" in config.model_fields_set:
        metadata.setdefault("INTERCEPTION_MODE", config.interception_mode.value)
    unreadable = dict(unreadable_annotations(annotations))
    if INTERCEPTION_MODE in annotations.keys() - unreadable.keys():
        metadata["INTERCEPTION_MODE"] = annotations[INTERCEPTION_MODE]
    return metadata


def _absence(sender: Sender, resources: ResourceSet) -> tuple[str, bool]:
    """Return why *sender* has no sidecar, empty where it has one, and whether it is in ambient mode instead."""
    if _SIDECAR in sender.containers:
        return "", False
    if sender.host_network:
        return f"{_shown(sender)} uses the network of its node (hostNetwork), where no sidecar is injected", False
    namespace = next((row.metadata.labels for row in resources.namespaces if row.name == sender.namespace), None)
    reason = next((said for rule in _RULES if (said := rule(sender, namespace, resources)) is not None), "")
    mode = sender.labels.get(_MODE) or (namespace or {}).get(_MODE)
    if reason and mode == _AMBIENT:
        whose = _shown(sender) if _MODE in sender.labels else f"namespace `{sender.namespace}`"
        return (
            f"{whose} is in ambient mode (label {_MODE}) and {_shown(sender)} has no sidecar: ztunnel and waypoints "
            "decide, which are not modelled"
        ), True
    return reason, False


Rule = Callable[[Sender, "Labels | None", ResourceSet], "str | None"]


def _own_word(sender: Sender, namespace: Labels | None, resources: ResourceSet) -> str | None:
    word = sender.labels.get(_INJECT, sender.annotations.get(_INJECT))
    place = "label" if _INJECT in sender.labels else "annotation"
    return f'{_shown(sender)} has no sidecar: {place} `{_INJECT}: "false"`' if word == "false" else None


def _of_system(sender: Sender, namespace: Labels | None, resources: ResourceSet) -> str | None:
    if sender.namespace in _IGNORED:
        return f"{_shown(sender)} has no sidecar: none is injected in namespace `{sender.namespace}`"
    return None


def _of_namespace(sender: Sender, namespace: Labels | None, resources: ResourceSet) -> str | None:
    """Say what the labels of the namespace make of it, if they say anything; a Namespace not given says nothing."""
    if namespace is None:
        return ""
    if _INJECTION in namespace:
        enabled = namespace[_INJECTION] == "enabled"
        label = f"`{_INJECTION}: {namespace[_INJECTION]}`"
        return "" if enabled else f"{_shown(sender)} has no sidecar: its namespace has the label {label}"
    if _REVISION in namespace and _MODE not in namespace:
        return ""
    return None


def _asked_for(sender: Sender, namespace: Labels | None, resources: ResourceSet) -> str | None:
    """Say that a Pod asks for a sidecar itself, which it can where its namespace says nothing."""
    return "" if sender.labels.get(_INJECT) == "true" or _REVISION in sender.labels else None


def _unasked(sender: Sender, namespace: Labels | None, resources: ResourceSet) -> str | None:
    """Say that nothing asks for a sidecar, where labels of namespaces are how this mesh asks for them."""
    labels = [row.metadata.labels for row in resources.namespaces]
    is_told = resources.is_complete or any(_INJECTION in one or _REVISION in one for one in labels)
    if is_told or _AMBIENT in (sender.labels.get(_MODE), (namespace or {}).get(_MODE)):
        return f"{_shown(sender)} has no sidecar: neither its labels nor those of its namespace ask for one"
    return None


#: The first that says something counts; an empty text says that there is a sidecar.
_RULES: tuple[Rule, ...] = (_own_word, _of_system, _of_namespace, _asked_for, _unasked)


def _shown(sender: Sender) -> str:
    return f"{sender.kind} `{sender.namespace}/{sender.name}`"


def _of_pod(pod: Pod) -> Sender:
    spec, meta = pod.spec, pod.metadata
    found = (*(row.ip for row in pod.status.pod_ips), pod.status.pod_ip)
    return Sender(
        kind="Pod",
        namespace=meta.namespace,
        name=meta.name,
        resource=pod,
        labels=meta.labels,
        annotations=meta.annotations,
        host_network=bool(spec.host_network),
        node=spec.node_name,
        service_account=spec.service_account_name,
        containers=tuple(_names((*spec.init_containers, *spec.containers))),
        addresses=tuple(dict.fromkeys(address for address in found if address)),
    )


def _names(containers: Iterable[object]) -> Iterable[str]:
    return (str(getattr(container, "name", "")) for container in containers)


def _of_template(template: PodTemplate) -> Sender:
    return Sender(
        kind=template.kind,
        namespace=template.namespace,
        name=template.name,
        resource=template,
        labels=template.labels,
        annotations=template.annotations,
        host_network=template.host_network,
        node=template.node,
        service_account=template.service_account,
        containers=template.containers,
        path=template.template_path,
    )
