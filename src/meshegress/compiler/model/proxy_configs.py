"""Which environment ProxyConfigs give a workload's proxy.

Source: Istio, pilot/pkg/model, ProxyConfigs.EffectiveProxyConfig.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshegress.resources import ProxyConfigResource

#: What the agent of a sidecar finds under such a name in its environment is metadata of the proxy.
METADATA_PREFIX = "ISTIO_META_"

Environment = Mapping[str, str]
_NOTHING: Environment = {}


class ProxyConfigIndex:
    """The ProxyConfigs of a mesh by namespace, the oldest first: of several that fit alike, it counts alone."""

    def __init__(self, rows: Iterable[ProxyConfigResource], root_namespace: str) -> None:
        self._root_namespace = root_namespace
        self._rows: dict[str, list[ProxyConfigResource]] = {}
        for row in sorted(rows, key=_age):
            self._rows.setdefault(row.namespace, []).append(row)

    def metadata_of(self, namespace: str, labels: Mapping[str, str]) -> Environment:
        """Return the metadata that a workload's proxy is given: the mesh's, over it its namespace's and its own."""
        if not self._rows:
            return _NOTHING
        places = dict.fromkeys((self._root_namespace, namespace))
        given = [self._of_namespace(place) for place in places]
        return proxy_metadata({name: text for each in given for name, text in each.items()}) | self.selected(
            namespace, labels
        )

    def selected(self, namespace: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the metadata of the one whose selector takes the workload; annotations do not go before it."""
        for row in self._rows.get(namespace, ()):
            wanted = row.spec.selector.match_labels if row.spec.selector is not None else {}
            if wanted and wanted.items() <= labels.items():
                return proxy_metadata(row.spec.environment_variables)
        return {}

    def _of_namespace(self, namespace: str) -> Environment:
        found = (row for row in self._rows.get(namespace, ()) if row.spec.selector is None)
        first = next(found, None)
        return _NOTHING if first is None else first.spec.environment_variables


def proxy_metadata(environment: Environment) -> dict[str, str]:
    """Return the metadata of a proxy in this *environment*.

    >>> proxy_metadata({"ISTIO_META_DNS_CAPTURE": "true", "HTTP_PROXY": "10.0.0.1"})
    {'DNS_CAPTURE': 'true'}
    """
    return {
        name.removeprefix(METADATA_PREFIX): text
        for name, text in environment.items()
        if name.startswith(METADATA_PREFIX)
    }


def _age(row: ProxyConfigResource) -> tuple[int, str, str]:
    created = row.metadata.creation_timestamp
    return (0 if created is None else created, row.name, row.namespace)
