"""With DNS capture each entry has an address of its own, also where Git has no status with it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meshegress
from meshegress import Mesh, Request

CAPTURE = {"defaultConfig": {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}}
STRICT = {**CAPTURE, "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}


def entry(
    name: str, host: str, *, port: int = 5432, labels: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Return a TCP entry without addresses."""
    spec = {
        "hosts": [host],
        "ports": [{"number": port, "name": "tcp", "protocol": "TCP"}],
        "resolution": more.pop("resolution", "DNS"),
    }
    metadata = {"name": name, "namespace": "default", "labels": labels or {}}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": metadata,
        "spec": spec,
        **more,
    }


ORDERS, BILLING = entry("orders", "orders.rds.example"), entry("billing", "billing.rds.example")


def asked(mesh: Mesh, host: str) -> tuple[str, list[str], bool]:
    """Return cluster, assumptions and certainty of TCP to *host*."""
    decision = mesh.egress().decide(f"tcp://{host}:5432")
    return str(decision), [one.code for one in decision.assumptions], decision.is_certain


@pytest.mark.parametrize("first", ["2026-01-01T00:00:00Z", None])
def test_two_databases_on_one_port_are_told_apart(first: str | None) -> None:
    """Each has its own cluster, for certain, whatever their ages; only the address is not the cluster's."""
    dated = {**BILLING, "metadata": {**BILLING["metadata"], "creationTimestamp": first}} if first else BILLING
    mesh = Mesh([ORDERS, dated], mesh_config=STRICT)
    assert asked(mesh, "orders.rds.example") == ("outbound|5432||orders.rds.example", ["address_allocated"], True)
    assert asked(mesh, "billing.rds.example") == ("outbound|5432||billing.rds.example", ["address_allocated"], True)


def test_a_status_that_was_given_is_believed() -> None:
    """Its address is the listener's, and nothing is assumed."""
    status = {"addresses": [{"host": "orders.rds.example", "value": "240.240.0.1"}]}
    mesh = Mesh([{**ORDERS, "status": status}, BILLING], mesh_config=STRICT)
    assert mesh.resolve("orders.rds.example") == ("240.240.0.1",)
    assert asked(mesh, "orders.rds.example") == ("outbound|5432||orders.rds.example", [], True)


def test_a_given_address_is_nobody_elses() -> None:
    """Who was allocated it moves."""
    (taken,) = Mesh([ORDERS], mesh_config=STRICT).resolve("orders.rds.example")
    status = {"addresses": [{"host": "billing.rds.example", "value": taken}]}
    mesh = Mesh([ORDERS, {**BILLING, "status": status}], mesh_config=STRICT)
    assert mesh.resolve("billing.rds.example") == (taken,)
    assert mesh.resolve("orders.rds.example") not in ((taken,), ())


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        pytest.param(entry("orders", "orders.rds.example", resolution="NONE"), {}, id="resolution NONE"),
        pytest.param(
            entry("orders", "orders.rds.example", labels={"networking.istio.io/enable-autoallocate-ip": "FALSE"}),
            {},
            id="opted out",
        ),
        pytest.param(ORDERS, {"complete": True}, id="complete"),
        pytest.param(ORDERS, {"istio": "1.24"}, id="a release without a controller"),
    ],
)
def test_who_is_not_eligible_has_none(changed: dict[str, Any], options: dict[str, Any]) -> None:
    """As istiod's controller passes over it, or is not there, or had written it down."""
    assert meshegress.load(changed, mesh_config=STRICT, **options).resolve("orders.rds.example") == ()


def test_without_dns_capture_there_are_none() -> None:
    """Nobody asks the sidecar for names then."""
    assert Mesh([ORDERS]).resolve("orders.rds.example") == ()
    assert Mesh([ORDERS]).egress(metadata={"DNS_CAPTURE": "true"}).resolve("orders.rds.example") != ()


@pytest.mark.parametrize(
    ("flags", "network"),
    [
        pytest.param({}, "240.240.0.0/16", id="the default range"),
        pytest.param({"PILOT_IP_AUTOALLOCATE_IPV4_PREFIX": "10.7.0.0/24"}, "10.7.0.0/24", id="another range"),
        pytest.param({"PILOT_ENABLE_IP_AUTOALLOCATE": "false"}, None, id="no controller"),
    ],
)
def test_flags_of_istiod_are_followed(flags: dict[str, str], network: str | None) -> None:
    """Where they stand in its environment."""
    values = {"meshConfig": STRICT, "pilot": {"env": flags}}
    found = meshegress.load(ORDERS, values).resolve("orders.rds.example")
    if network is None:
        assert found == ()
    else:
        assert ip_address(found[0]) in ip_network(network)


def test_an_address_stays_when_others_come_and_go() -> None:
    """In the same process, in a changed mesh and in a new one."""
    mesh = Mesh([ORDERS], mesh_config=STRICT)
    before = mesh.resolve("orders.rds.example")
    others = [entry(f"e{number}", f"e{number}.example", port=6000 + number) for number in range(300)]
    assert mesh.with_changes(others).resolve("orders.rds.example") == before
    assert mesh.with_changes(others).with_changes(removed=others).resolve("orders.rds.example") == before
    assert Mesh([*others, ORDERS], mesh_config=STRICT).resolve("orders.rds.example") == before


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{1,3}\.[a-z]{2}", fullmatch=True), min_size=2, max_size=12, unique=True))
def test_two_entries_of_one_port_never_share_a_destination(hosts: list[str]) -> None:
    """With capture on, asked by name."""
    entries = [entry(f"e{number}", host) for number, host in enumerate(hosts)]
    egress = Mesh(entries, mesh_config=STRICT).egress()
    assert len({egress.resolve(host) for host in hosts}) == len(hosts)
    for host in hosts:
        assert egress.decide(Request.tcp(host, 5432)).cluster == f"outbound|5432||{host}"


@pytest.mark.parametrize(("environment", "expected"), [({"ISTIO_DUAL_STACK": "true"}, "service"), ({}, "blackhole")])
def test_the_second_family_is_served_with_the_flag_of_istiod(environment: dict[str, str], expected: str) -> None:
    """For a proxy that has both; in the proxies' metadata alone the flag does nothing."""
    service: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kv", "namespace": "kv"},
        "spec": {
            "selector": {"app": "kv"},
            "clusterIP": "2001:db8:4321::113",
            "clusterIPs": ["2001:db8:4321::113", "10.254.224.117"],
            "ports": [{"name": "tcp", "port": 2379, "protocol": "TCP"}],
        },
    }
    config = {**STRICT, "defaultConfig": {"proxyMetadata": {"ISTIO_DUAL_STACK": "true"}}}
    mesh = meshegress.load(service, {"meshConfig": config, "pilot": {"env": environment}})
    both = mesh.egress("kv", addresses=("10.1.0.1", "2001:db8::5"))
    assert [both.decide(Request.tcp(address, 2379)).outcome.value for address in service["spec"]["clusterIPs"]] == [
        "service",
        expected,
    ]
