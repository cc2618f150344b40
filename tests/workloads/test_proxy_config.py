"""ProxyConfigs give proxies their environment."""

from __future__ import annotations

from typing import Any

import pytest

from meshegress import Mesh

CAPTURES = {"ISTIO_META_DNS_CAPTURE": "true"}
DOES_NOT = {"ISTIO_META_DNS_CAPTURE": "false"}
MESH = {"defaultConfig": {"proxyMetadata": CAPTURES}}


def config(
    environment: dict[str, str],
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
    created: str = "2026-01-01T00:00:00Z",
) -> dict[str, Any]:
    """Return a ProxyConfig, for workloads with *labels* if there are some."""
    selector = {} if labels is None else {"selector": {"matchLabels": labels}}
    return {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "ProxyConfig",
        "metadata": {"name": f"of-{created}", "namespace": namespace, "creationTimestamp": created},
        "spec": {"environmentVariables": environment, **selector},
    }


def captures(*objects: dict[str, Any], mesh_config: Any = None, **workload: Any) -> bool:
    """Return whether DNS capture is on for a workload of `shop`."""
    return Mesh(objects, mesh_config=mesh_config).egress("shop", **workload).tables.proxy.dns_capture


CART = {"labels": {"app": "cart", "tier": "web"}}


def test_a_namespace_has_its_own() -> None:
    """Those of other namespaces do nothing there."""
    assert captures(config(CAPTURES))
    assert not captures(config(CAPTURES, "other"))


def test_the_root_namespace_is_for_all_and_gives_way() -> None:
    """The namespace's own goes before it, and it before the mesh configuration."""
    assert captures(config(CAPTURES, "istio-system"))
    assert not captures(config(CAPTURES, "istio-system"), config(DOES_NOT))
    assert not captures(config(DOES_NOT, "istio-system"), mesh_config=MESH)
    assert captures(config({"ISTIO_META_OTHER": "1"}, "istio-system"), mesh_config=MESH)


def test_a_selector_takes_those_with_its_labels() -> None:
    """And goes before the namespace's."""
    chosen = config(CAPTURES, labels={"app": "cart"})
    assert captures(config(DOES_NOT), chosen, **CART)
    assert not captures(config(DOES_NOT), chosen, labels={"app": "other"})
    assert not captures(config(CAPTURES, "istio-system", labels={"app": "cart"}), **CART)


def test_of_several_the_oldest_counts() -> None:
    """It counts alone, for workloads and for namespaces."""
    old, new = "2025-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
    assert captures(config(DOES_NOT, created=new), config(CAPTURES, created=old))
    assert not captures(
        config(CAPTURES, labels={"tier": "web"}, created=new),
        config(DOES_NOT, labels={"app": "cart"}, created=old),
        **CART,
    )


@pytest.mark.parametrize(("labels", "expected"), [(None, True), ({"app": "cart"}, False)])
def test_an_annotation_goes_before_the_namespace_and_not_before_a_selector(
    labels: dict[str, str] | None, expected: bool
) -> None:
    """As istiod merges them."""
    annotations = {"proxy.istio.io/config": 'proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}'}
    metadata = {"name": "cart", "namespace": "shop", "labels": {"app": "cart"}, "annotations": annotations}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    egress = Mesh([pod, config(DOES_NOT, labels=labels)]).egress("shop/cart")
    assert egress.tables.proxy.dns_capture is expected


def test_what_the_workload_is_given_goes_before_all() -> None:
    """Metadata in Python and on the command line."""
    assert not captures(config(CAPTURES), metadata={"DNS_CAPTURE": "false"})
