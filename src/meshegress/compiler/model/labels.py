"""The labels that Istio adds to those of an endpoint or a workload, for subsets and selectors to ask for.

Source: Istio, pilot/pkg/serviceregistry/util/label, AugmentLabels.
"""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER = "Kubernetes"

_CLUSTER_LABEL = "topology.istio.io/cluster"
NETWORK_LABEL = "topology.istio.io/network"
_NODE_LABEL = "kubernetes.io/hostname"
_LOCALITY_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
#: The locality of a WorkloadEntry without one, the first that is there; dots may stand for slashes.
_OWN_LOCALITY = ("topology.istio.io/locality", "istio-locality")


def with_topology(
    labels: Mapping[str, str], *, locality: str = "", node: str = "", network: str = ""
) -> Mapping[str, str]:
    """Return *labels* and where their bearer runs: cluster, locality (``region/zone/subzone``), node, network.

    >>> with_topology({"app": "cart"}, locality="eu/a")["topology.kubernetes.io/zone"]
    'a'
    """
    found = {**labels, _CLUSTER_LABEL: CLUSTER}
    found.update((name, part) for name, part in zip(_LOCALITY_LABELS, locality.split("/"), strict=False) if part)
    if node:
        found[_NODE_LABEL] = node
    if network and not found.get(NETWORK_LABEL):
        found[NETWORK_LABEL] = network
    return found


def locality_of(labels: Mapping[str, str]) -> str:
    """Return the locality that *labels* themselves tell."""
    own = next((labels[name] for name in _OWN_LOCALITY if name in labels), "")
    return own if "/" in own else own.replace(".", "/")
