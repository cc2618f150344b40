"""Istio's identity formats, read and written back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress.accesslog.details import explain_details
from meshegress.accesslog.flags import FLAGS, explain_flags
from meshegress.accesslog.identity import B3, DecoratorOperation, NodeId, PeerMetadata
from meshegress.accesslog.protostruct import decode_struct, encode_struct

# What an echo service outside the mesh saw of a request through an Istio 1.5 egress gateway.
NODE_ID = "router~10.0.2.116~istio-egressgateway-666956b747-zp4vh.istio-system~istio-system.svc.cluster.local"
HEADERS = {
    "X-B3-Parentspanid": "6af159684e0aa32b",
    "X-B3-Sampled": "1",
    "X-B3-Spanid": "db66efff3f1277d7",
    "X-B3-Traceid": "fad0512b316618c66af159684e0aa32b",
}
PEER_METADATA = (
    "ChwKDElOU1RBTkNFX0lQUxIMGgoxMC4wLjIuMTE2CpACCgZMQUJFTFMShQIqggIKHAoDYXBwEhUaE2lzdGlvLWVncmVzc2dhdGV3YXkKEwoFY2hh"
    "cnQSChoIZ2F0ZXdheXMKFAoIaGVyaXRhZ2USCBoGVGlsbGVyChgKBWlzdGlvEg8aDWVncmVzc2dhdGV3YXkKIQoRcG9kLXRlbXBsYXRlLWhhc2gS"
    "DBoKNjY2OTU2Yjc0NwoSCgdyZWxlYXNlEgcaBWlzdGlvCjgKH3NlcnZpY2UuaXN0aW8uaW8vY2Fub25pY2FsLW5hbWUSFRoTaXN0aW8tZWdyZXNz"
    "Z2F0ZXdheQosCiNzZXJ2aWNlLmlzdGlvLmlvL2Nhbm9uaWNhbC1yZXZpc2lvbhIFGgMxLjUKGgoHTUVTSF9JRBIPGg1jbHVzdGVyLmxvY2FsCi4K"
    "BE5BTUUSJhokaXN0aW8tZWdyZXNzZ2F0ZXdheS02NjY5NTZiNzQ3LXpwNHZoChsKCU5BTUVTUEFDRRIOGgxpc3Rpby1zeXN0ZW0KXAoFT1dORVIS"
    "UxpRa3ViZXJuZXRlczovL2FwaXMvYXBwcy92MS9uYW1lc3BhY2VzL2lzdGlvLXN5c3RlbS9kZXBsb3ltZW50cy9pc3Rpby1lZ3Jlc3NnYXRld2F5"
    "CjgKD1NFUlZJQ0VfQUNDT1VOVBIlGiNpc3Rpby1lZ3Jlc3NnYXRld2F5LXNlcnZpY2UtYWNjb3VudAomCg1XT1JLTE9BRF9OQU1FEhUaE2lzdGlv"
    "LWVncmVzc2dhdGV3YXk="
)


def test_a_node_id_names_pod_and_namespace() -> None:
    """Four parts between tildes; the third is pod and namespace."""
    node = NodeId.parse(NODE_ID)
    assert node is not None
    assert (node.type, node.address, node.namespace) == ("router", "10.0.2.116", "istio-system")
    assert node.pod == "istio-egressgateway-666956b747-zp4vh"
    assert str(node) == NODE_ID


def test_peer_metadata_tells_the_workload() -> None:
    """The header is read, and written back byte for byte."""
    peer = PeerMetadata.decode(PEER_METADATA)
    assert peer is not None
    assert (peer.namespace, peer.workload) == ("istio-system", "istio-egressgateway")
    assert peer.service_account == "istio-egressgateway-service-account"
    assert peer.labels["heritage"] == "Tiller"
    assert peer.encode() == PEER_METADATA


def test_trace_ids_of_four_headers_or_one() -> None:
    """Both forms carry the same ids."""
    ids = B3.from_headers(HEADERS)
    assert ids is not None
    assert str(ids) == "fad0512b316618c66af159684e0aa32b-db66efff3f1277d7-1-6af159684e0aa32b"
    assert B3.parse(str(ids)) == ids == B3.from_headers({"B3": str(ids)}) == B3.from_headers(ids.headers())


def test_a_decorator_operation_names_host_port_and_path() -> None:
    """Istio's span name for a route."""
    operation = DecoratorOperation.parse("httpbin.org:80/*")
    assert operation == DecoratorOperation("httpbin.org", 80, "/*")
    assert str(operation) == "httpbin.org:80/*"


@pytest.mark.parametrize("text", ["", "a~b", "~~~~", "httpbin.org", "a:b/c", "a-b-c", "====", "Cg", "\xe9", "a:080/"])
def test_what_is_none_of_them_is_none(text: str) -> None:
    """Decoders never raise."""
    assert [NodeId.parse(text), PeerMetadata.decode(text) if text else None] == [None, None]
    assert [DecoratorOperation.parse(text), B3.parse(text)] == [None, None]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _JSON))
def test_a_struct_is_read_as_it_was_written(members: dict[str, object]) -> None:
    """The two directions are inverse."""
    assert decode_struct(encode_struct(members)) == members


@given(st.binary(max_size=40))
def test_any_bytes_are_a_struct_or_a_value_error(data: bytes) -> None:
    """Nothing else is raised, and a struct has members by name."""
    members: dict[str, object] | None = None
    with suppress(ValueError):
        members = decode_struct(data)
    assert members is None or {type(members), *map(type, members)} <= {dict, str}


def test_flags_and_details_are_explained() -> None:
    """Known words have a meaning; unknown ones are kept."""
    assert len(FLAGS) == 30
    assert [flag.long for flag in explain_flags(("UF", "URX", "NEW"))] == [
        *("UpstreamConnectionFailure", "UpstreamRetryLimitExceeded", "NEW")
    ]
    assert explain_details("rbac_access_denied_matched_policy[ns[foo]-policy[a]-rule[0]]") is not None
    assert explain_details("http1.codec_error") == "the bytes of the client are not a valid HTTP/1"
    assert explain_details("something_new") is None
