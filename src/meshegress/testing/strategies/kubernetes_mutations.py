"""What is wrong with one kind of Kubernetes, or the mesh configuration: they are refused for their shape alone."""

from __future__ import annotations

from meshegress.testing.strategies.mutations import Mutation, of_spec

_SERVICE = (
    of_spec("EG101", "ports that are not a list", ports={"http": 80}),
    of_spec("EG101", "a port that is a number", ports=[80]),
    of_spec("EG101", "a port number in words", ports=[{"name": "http", "port": "http"}]),
    of_spec("EG101", "a target port that is a list", ports=[{"port": 80, "targetPort": [80]}]),
    of_spec("EG101", "a selector that is a list", selector=["app"]),
    of_spec("EG101", "a label that is a number", selector={"app": 1}),
    of_spec("EG101", "one cluster address that is not a list", clusterIPs="10.96.0.1"),
    of_spec("EG101", "a cluster address that is a list", clusterIP=["10.96.0.1"]),
    of_spec("EG101", "a type that is a list", type=["ClusterIP"]),
    Mutation("EG101", "a spec that is a list", {"spec": [80]}),
)

_ENDPOINT_SLICE = (
    Mutation("EG101", "one endpoint that is not a list", {"endpoints": {"addresses": ["10.0.0.1"]}}),
    Mutation("EG101", "one address that is not a list", {"endpoints": [{"addresses": "10.0.0.1"}]}),
    Mutation("EG101", "a condition in words", {"endpoints": [{"addresses": [], "conditions": {"ready": "perhaps"}}]}),
    Mutation("EG101", "a port number in words", {"ports": [{"name": "http", "port": "http"}]}),
    Mutation("EG101", "a port that is a number", {"ports": [80]}),
    Mutation("EG101", "a type of address that is a number", {"addressType": 4}),
)

_ENDPOINTS = (
    Mutation("EG101", "one subset that is not a list", {"subsets": {"addresses": []}}),
    Mutation("EG101", "an address that is a text", {"subsets": [{"addresses": ["10.0.0.1"]}]}),
    Mutation("EG101", "a port number in words", {"subsets": [{"ports": [{"port": "http"}]}]}),
)

_POD = (
    Mutation("EG101", "an address that is a number", {"status": {"podIP": 10}}),
    Mutation("EG101", "addresses that are texts", {"status": {"podIPs": ["10.0.0.1"]}}),
    Mutation("EG101", "a condition that is a number", {"status": {"conditions": [{"type": "Ready", "status": 1}]}}),
    of_spec("EG101", "containers that are not a list", containers={"a": {}}),
    of_spec("EG101", "a container port in words", containers=[{"ports": [{"containerPort": "http"}]}]),
    of_spec("EG101", "a host network in words", hostNetwork="perhaps"),
)

MESH_MUTATIONS = (
    Mutation("EG101", "a mode that does not exist", {"outboundTrafficPolicy": {"mode": "ALLOW_SOME"}}),
    Mutation("EG101", "a policy that is its mode", {"outboundTrafficPolicy": "ALLOW_ANY"}),
    Mutation("EG101", "one default that is not a list", {"defaultServiceExportTo": "*"}),
    Mutation("EG101", "a root namespace that is a number", {"rootNamespace": 1}),
    Mutation("EG101", "a port number in words", {"proxyHttpPort": "eighty"}),
    Mutation("EG101", "a timeout without a unit", {"protocolDetectionTimeout": "5"}),
    Mutation("EG101", "an encoding that does not exist", {"accessLogEncoding": "XML"}),
)

KUBERNETES_MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "Service": _SERVICE,
    "EndpointSlice": _ENDPOINT_SLICE,
    "Endpoints": _ENDPOINTS,
    "Pod": _POD,
    "Namespace": (),
}
"""Nothing of a Namespace but its metadata is read."""
