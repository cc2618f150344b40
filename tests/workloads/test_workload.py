"""A workload that was loaded is asked for by its name, as it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import meshegress
from meshegress import Mesh, Outcome, Request, Workload, WorkloadError

ENTRIES = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: shop}
spec:
  hosts: [db.example]
  addresses: [10.1.2.3]
  ports: [{number: 5432, name: tcp, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.9.9.9}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""
HTTP = Request.http("api.example", address="203.0.113.7")
TCP = Request.tcp("10.1.2.3", 5432)


def pod(annotations: dict[str, str] | None = None, *, name: str = "cart", **spec: Any) -> dict[str, Any]:
    """Return a Pod of `shop`, with what its *spec* adds."""
    metadata = {"name": name, "namespace": "shop", "labels": {"app": "cart"}, "annotations": annotations or {}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "c"}], **spec},
        "status": {"podIP": "10.2.0.1", "podIPs": [{"ip": "10.2.0.1"}]},
    }


def namespace(labels: dict[str, str], name: str = "shop") -> dict[str, Any]:
    """Return the Namespace *name* with *labels*."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def mesh(*objects: dict[str, Any]) -> Mesh:
    """Return a mesh of two entries and *objects*."""
    return meshegress.load(ENTRIES, *objects)


def outcomes(world: Mesh, name: str = "shop/cart") -> tuple[str, str]:
    """Return what becomes of HTTP and of TCP of the workload *name*."""
    egress = world.egress(name)
    return egress.decide(HTTP).outcome.value, egress.decide(TCP).outcome.value


TRAFFIC = "traffic.sidecar.istio.io/"


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        pytest.param({}, ("service", "service"), id="nothing"),
        pytest.param({f"{TRAFFIC}excludeOutboundPorts": "5432"}, ("service", "not_captured"), id="a port"),
        pytest.param({f"{TRAFFIC}excludeOutboundPorts": " 80,5432"}, ("not_captured", "not_captured"), id="ports"),
        pytest.param({f"{TRAFFIC}excludeOutboundIPRanges": "10.0.0.0/8"}, ("service", "not_captured"), id="a range"),
        pytest.param({f"{TRAFFIC}includeOutboundIPRanges": "10.0.0.0/8"}, ("not_captured", "service"), id="included"),
        pytest.param({f"{TRAFFIC}includeOutboundIPRanges": "*"}, ("service", "service"), id="all included"),
        pytest.param({f"{TRAFFIC}includeOutboundIPRanges": ""}, ("not_captured", "not_captured"), id="none included"),
        pytest.param(
            {f"{TRAFFIC}includeOutboundIPRanges": "", f"{TRAFFIC}includeOutboundPorts": "80"},
            ("service", "not_captured"),
            id="an included port needs no range",
        ),
        pytest.param(
            {f"{TRAFFIC}includeOutboundPorts": "5432", f"{TRAFFIC}excludeOutboundIPRanges": "10.1.2.3/32"},
            ("service", "not_captured"),
            id="an excluded range goes before an included port",
        ),
        pytest.param({"sidecar.istio.io/inject": "false"}, ("not_captured", "not_captured"), id="not injected"),
        pytest.param({"sidecar.istio.io/inject": "maybe"}, ("service", "service"), id="neither true nor false"),
        pytest.param({f"{TRAFFIC}excludeOutboundPorts": "http"}, ("service", "service"), id="not a port"),
        pytest.param({"sidecar.istio.io/interceptionMode": "NONE"}, ("not_captured", "not_captured"), id="none"),
        pytest.param(
            {"proxy.istio.io/config": "interceptionMode: NONE"}, ("not_captured", "not_captured"), id="none by config"
        ),
        pytest.param(
            {"proxy.istio.io/config": "interceptionMode: NONE", "sidecar.istio.io/interceptionMode": "TPROXY"},
            ("service", "service"),
            id="the mode's own annotation goes before",
        ),
    ],
)
def test_annotations_say_what_the_sidecar_sees(annotations: dict[str, str], expected: tuple[str, str]) -> None:
    """What they exclude goes past it."""
    assert outcomes(mesh(pod(annotations))) == expected


@pytest.mark.parametrize(
    ("labels", "own", "expected"),
    [
        pytest.param({"istio-injection": "enabled"}, {}, "service", id="enabled"),
        pytest.param({"istio-injection": "disabled"}, {}, "not_captured", id="disabled"),
        pytest.param({"istio-injection": "disabled"}, {"sidecar.istio.io/inject": "true"}, "not_captured", id="wish"),
        pytest.param({"istio.io/rev": "canary"}, {}, "service", id="revision"),
        pytest.param({"istio.io/rev": "canary"}, {"sidecar.istio.io/inject": "false"}, "not_captured", id="opted out"),
        pytest.param({"team": "a"}, {}, "not_captured", id="others ask for it"),
        pytest.param({"team": "a"}, {"sidecar.istio.io/inject": "true"}, "service", id="the Pod asks for it"),
        pytest.param({"istio.io/dataplane-mode": "ambient"}, {}, "unknown", id="ambient"),
        pytest.param(
            {"istio.io/dataplane-mode": "ambient"}, {"sidecar.istio.io/inject": "true"}, "service", id="sidecar"
        ),
        pytest.param(
            {"istio.io/dataplane-mode": "ambient", "istio-injection": "enabled"}, {}, "service", id="both labels"
        ),
        pytest.param(
            {"istio.io/dataplane-mode": "ambient", "istio-injection": "enabled"},
            {"istio.io/dataplane-mode": "none", "sidecar.istio.io/inject": "false"},
            "not_captured",
            id="out of both",
        ),
    ],
)
def test_labels_say_whether_there_is_a_sidecar(labels: dict[str, str], own: dict[str, str], expected: str) -> None:
    """The namespace's and the Pod's, as the injector's webhook reads them."""
    sender = pod()
    sender["metadata"]["labels"] = own
    world = mesh(sender, namespace(labels), namespace({"istio-injection": "enabled"}, "other"))
    assert outcomes(world) == (expected, expected)


def test_a_namespace_says_nothing_where_no_label_asks_for_sidecars() -> None:
    """Then something else does, as in a tree whose labels are set elsewhere; in a complete input nothing does."""
    assert outcomes(mesh(pod(), namespace({}))) == ("service", "service")
    complete = meshegress.load(ENTRIES, pod(), namespace({}), complete=True)
    assert outcomes(complete) == ("not_captured", "not_captured")


def test_a_sidecar_that_is_there_is_believed() -> None:
    """Whatever labels say now, it was injected."""
    world = mesh(pod(containers=[{"name": "c"}, {"name": "istio-proxy"}]), namespace({"istio-injection": "disabled"}))
    assert outcomes(world) == ("service", "service")
    native = mesh(pod(initContainers=[{"name": "istio-proxy"}]), namespace({"istio-injection": "disabled"}))
    assert outcomes(native) == ("service", "service")


def test_what_is_not_captured_is_allowed_and_unknown_is_not() -> None:
    """The one leaves past the sidecar, and of the other nothing is known."""
    gone = mesh(pod(hostNetwork=True)).egress("shop/cart").decide("https://api.example/")
    assert (gone.outcome, gone.allowed, gone.cluster, gone.assumptions) == (Outcome.NOT_CAPTURED, True, None, ())
    ambient = mesh(pod(), namespace({"istio.io/dataplane-mode": "ambient"})).egress("shop/cart")
    unknown = ambient.decide("https://api.example/")
    assert (unknown.allowed, [one.code for one in unknown.assumptions]) == (False, ["ambient"])


def test_an_unknown_address_leaves_both_answers() -> None:
    """Where ranges matter and the name has no address that is known."""
    egress = mesh(pod({f"{TRAFFIC}includeOutboundIPRanges": "10.96.0.0/12"})).egress("shop/cart")
    decision = egress.decide("http://api.example/")
    assert [one.outcome.value for one in decision.candidates] == ["not_captured", "service"]
    excluding = mesh(pod({f"{TRAFFIC}excludeOutboundIPRanges": "10.96.0.0/12"})).egress("shop/cart")
    decision = excluding.decide("http://api.example/")
    assert [one.outcome.value for one in decision.candidates] == ["service", "not_captured"]


def test_with_mode_none_the_sidecar_sees_what_is_sent_to_it() -> None:
    """Its listeners are on the loopback address."""
    egress = mesh(pod({"sidecar.istio.io/interceptionMode": "NONE"})).egress("shop/cart")
    by_hand = mesh().egress("shop", labels={"app": "cart"}, metadata={"INTERCEPTION_MODE": "NONE"})
    asked = Request.http("api.example", address="127.0.0.1")
    assert egress.decide(asked) == by_hand.decide(asked)
    assert egress.decide(asked).outcome is not Outcome.NOT_CAPTURED


def test_the_answer_names_the_annotation_and_its_place() -> None:
    """As the line of the Pod that keeps the request away."""
    text = f"""
apiVersion: v1
kind: Pod
metadata:
  name: cart
  namespace: shop
  annotations:
    {TRAFFIC}excludeOutboundPorts: "5432"
"""
    egress = meshegress.load(ENTRIES, text).egress("shop/cart")
    origin = egress.decide(TCP).governed_by
    assert origin is not None
    assert (str(origin), str(origin.host_source)) == ("Pod `shop/cart`", "<text 2>:8:52")
    assert f"`{TRAFFIC}excludeOutboundPorts` keeps the request from the sidecar" in str(egress.explain(TCP))


def test_a_pod_is_a_workload_with_all_that_it_has() -> None:
    """Labels, addresses, node, service account, and what its annotations give its proxy."""
    config = 'proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true", OTHER: "1"}'
    sender = pod({"proxy.istio.io/config": config}, nodeName="node-1", serviceAccountName="cart")
    assert mesh(sender).workload("shop/cart") == Workload(
        "shop",
        labels={"app": "cart"},
        addresses=("10.2.0.1",),
        metadata={"DNS_CAPTURE": "true", "NODE_NAME": "node-1", "SERVICE_ACCOUNT": "cart"},
        capture=mesh(sender).workload("shop/cart").capture,
    )


@pytest.mark.parametrize(
    ("version", "kind", "nested"),
    [
        ("apps/v1", "Deployment", False),
        ("apps/v1", "StatefulSet", False),
        ("apps/v1", "DaemonSet", False),
        ("apps/v1", "ReplicaSet", False),
        ("batch/v1", "Job", False),
        ("batch/v1", "CronJob", True),
    ],
)
@pytest.mark.parametrize("form", ["mapping", "text", "beside", "list"])
def test_a_controller_lends_its_template(version: str, kind: str, nested: bool, form: str) -> None:
    """Alone in a text, beside other objects, in a List, or from Python."""
    template = """
template:
  metadata:
    labels: {app: cart}
    annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: "5432"}
  spec: {containers: [{name: c}]}
"""
    inner = template.replace("\n", "\n      ") if nested else template.replace("\n", "\n  ")
    spec = f"spec:\n  jobTemplate:\n    spec:{inner}" if nested else f"spec:{inner}"
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: cart, namespace: shop}}\n{spec.rstrip()}\n"
    value = yaml.safe_load(text)
    given: Any = {
        "mapping": value,
        "text": text,
        "beside": f"{text}---\n{ENTRIES}",
        "list": yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [value]}),
    }[form]
    world = meshegress.load(ENTRIES, given)
    assert outcomes(world) == ("service", "not_captured")
    assert world.workload("shop/cart").labels == {"app": "cart"}


def test_a_folder_of_other_kinds_is_read_when_a_workload_is_asked_for(tmp_path: Any) -> None:
    """A file that holds nothing else is passed over until then."""
    (tmp_path / "deployment.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n"
        "    metadata:\n      labels: {app: cart}\n",
        encoding="utf-8",
    )
    (tmp_path / "entries.yaml").write_text(ENTRIES, encoding="utf-8")
    world = meshegress.load(tmp_path, namespace="shop")
    assert world.workload("shop/cart").labels == {"app": "cart"}


def test_a_pod_goes_before_a_controller_of_its_name() -> None:
    """It is what runs."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "other"}}}},
    }
    assert mesh(pod(), deployment).workload("shop/cart").labels == {"app": "cart"}
    changed = mesh(pod(), deployment).with_changes(removed=[pod()])
    assert changed.workload("shop/cart").labels == {"app": "other"}
    with pytest.raises(WorkloadError):
        changed.with_changes(removed=[deployment]).workload("shop/cart")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop/crat", "did you mean `shop/cart`?"),
        ("shop/", "write the namespace and the name"),
        ("other/thing", "give its Pod or its Deployment too"),
    ],
)
def test_a_workload_that_was_not_loaded_is_an_error(name: str, message: str) -> None:
    """With what may have been meant."""
    with pytest.raises(WorkloadError, match=r"workload `") as raised:
        mesh(pod()).egress(name)
    assert message in str(raised.value)


def test_an_annotation_that_the_injector_refuses_is_told() -> None:
    """The Pod could not be made with it."""
    _, findings = meshegress.check(
        pod({f"{TRAFFIC}excludeOutboundPorts": "http", "proxy.istio.io/config": "[]"}), complete=True
    )
    assert [(one.code, one.field) for one in findings] == [
        ("EG111", f"metadata.annotations.{TRAFFIC}excludeOutboundPorts"),
        ("EG111", "metadata.annotations.proxy.istio.io/config"),
    ]


def test_a_status_with_the_address_of_another_host_is_told() -> None:
    """It was written before the hosts were changed, and counts for none of those that there are."""
    text = ENTRIES.replace(
        "resolution: DNS", "resolution: DNS\nstatus: {addresses: [{host: old.example, value: 1.1.1.1}]}"
    )
    _, findings = meshegress.check(text, complete=True)
    assert [(one.code, one.field) for one in findings] == [("EG112", "status.addresses[0].host")]
