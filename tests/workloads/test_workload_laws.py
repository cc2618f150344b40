"""A workload from its Pod is the same as one written out by hand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from meshegress import Mesh, Outcome, Request, Workload
from meshegress.resources import ObjectMeta, Pod
from meshegress.resources.kubernetes import PodIP, PodSpec, PodStatus
from meshegress.testing.strategies import requests, workloads, worlds

_PORTS = st.frozensets(st.sampled_from((80, 443, 5432, 8080, 9000)), max_size=2)


@settings(max_examples=150, deadline=None)
@given(worlds(), workloads(), st.lists(requests(), min_size=1, max_size=4), _PORTS)
def test_a_pod_is_decided_as_the_same_workload_by_hand(
    world: tuple[object, ...], by_hand: Workload, asked: list[Request], excluded: frozenset[int]
) -> None:
    """But for what its annotations exclude."""
    metadata = {f"ISTIO_META_{name}": text for name, text in by_hand.metadata.items() if name != "INTERCEPTION_MODE"}
    by_hand = Workload(
        by_hand.namespace,
        labels=by_hand.labels,
        addresses=by_hand.addresses,
        metadata={name.removeprefix("ISTIO_META_"): text for name, text in metadata.items()},
    )
    ports = {"traffic.sidecar.istio.io/excludeOutboundPorts": ",".join(map(str, sorted(excluded)))} if excluded else {}
    config = {"proxy.istio.io/config": str({"proxyMetadata": metadata})}
    pod = Pod(
        metadata=ObjectMeta(
            name="asker", namespace=by_hand.namespace, labels=by_hand.labels, annotations=ports | config
        ),
        spec=PodSpec(containers=({"name": "istio-proxy"},)),
        status=PodStatus(phase="Pending", pod_ips=tuple(PodIP(ip=address) for address in by_hand.addresses)),
    )
    mesh = Mesh([*world, pod])
    ours, theirs = mesh.egress(f"{by_hand.namespace}/asker"), mesh.egress(by_hand)
    for request in asked:
        if request.port in excluded:
            assert ours.decide(request).outcome is Outcome.NOT_CAPTURED
        else:
            assert ours.decide(request) == theirs.decide(request)
