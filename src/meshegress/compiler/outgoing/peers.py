"""Whether workloads take the mesh's mutual TLS, as PeerAuthentications say.

Source: Istio, pilot/pkg/model/authentication.go and pilot/pkg/security/authn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshegress.resources import PeerAuthentication
from meshegress.resources.peer_authentication import MutualTLSMode


class PeerModes:
    """The modes of namespaces and workloads; of several rules for one the oldest counts."""

    def __init__(self, rules: Iterable[PeerAuthentication], root_namespace: str) -> None:
        self._root = root_namespace
        self._general: dict[str, PeerAuthentication] = {}
        self._selecting: dict[str, list[PeerAuthentication]] = {}
        aged = sorted(rules, key=lambda rule: (rule.metadata.creation_timestamp or 0, rule.name, rule.namespace))
        for rule in aged:
            if rule.spec.selector is not None and rule.spec.selector.match_labels:
                self._selecting.setdefault(rule.namespace, []).append(rule)
            else:
                self._general.setdefault(rule.namespace, rule)

    def disables(self, namespace: str) -> bool:
        """Return whether clients of services of *namespace* use no mutual TLS by themselves."""
        return self._of_namespace(namespace) is MutualTLSMode.DISABLE

    def workload_disables(self, namespace: str, labels: Mapping[str, str], port: int) -> bool:
        """Return whether the workload with *labels* takes no mutual TLS on its *port*."""
        mode = self._of_namespace(namespace)
        for rule in self._selecting.get(namespace, ()):
            selector = rule.spec.selector
            if selector is not None and labels.items() >= selector.match_labels.items():
                mode = _mode_of(rule) or mode
                on_port = rule.spec.port_level_mtls.get(str(port))
                if on_port is not None and on_port.mode is not MutualTLSMode.UNSET:
                    mode = on_port.mode
                break
        return mode is MutualTLSMode.DISABLE

    def _of_namespace(self, namespace: str) -> MutualTLSMode | None:
        for owner in (namespace, self._root):
            rule = self._general.get(owner)
            mode = _mode_of(rule) if rule is not None else None
            if mode is not None:
                return mode
        return None


def _mode_of(rule: PeerAuthentication) -> MutualTLSMode | None:
    mode = rule.spec.mtls.mode if rule.spec.mtls is not None else MutualTLSMode.UNSET
    return None if mode is MutualTLSMode.UNSET else mode
