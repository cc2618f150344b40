"""Hypothesis strategies: resources, worlds that Istio accepts, broken ones, workloads, and requests to ask them.

Names and addresses come from small pools, so that what is drawn meets: hosts overlap, ports collide, requests find
services. A world is a tuple of resources, each with a name and an age of its own, and perhaps a mesh configuration.

>>> from hypothesis import given, settings
>>> from meshegress import Mesh
>>> @settings(max_examples=5, deadline=None)
... @given(worlds(), workloads(), requests())
... def every_request_is_answered(world, workload, request):
...     assert Mesh(world).egress(workload).decide(request).outcome
>>> every_request_is_answered()
"""

from __future__ import annotations

from meshegress.testing.strategies.broken import broken_entries, broken_resources, broken_worlds, is_accepted, malformed
from meshegress.testing.strategies.gateways import gateways
from meshegress.testing.strategies.kubernetes import endpoint_slices, endpoints, kubernetes_services, namespaces, pods
from meshegress.testing.strategies.requests import requests, workloads
from meshegress.testing.strategies.routing import delegates, destination_rules, virtual_services
from meshegress.testing.strategies.services import service_entries, workload_entries
from meshegress.testing.strategies.sidecars import sidecars
from meshegress.testing.strategies.vocabulary import addresses, hosts, names
from meshegress.testing.strategies.worlds import mesh_configs, resources, worlds

__all__ = [
    "addresses",
    "broken_entries",
    "broken_resources",
    "broken_worlds",
    "delegates",
    "destination_rules",
    "endpoint_slices",
    "endpoints",
    "gateways",
    "hosts",
    "is_accepted",
    "kubernetes_services",
    "malformed",
    "mesh_configs",
    "names",
    "namespaces",
    "pods",
    "requests",
    "resources",
    "service_entries",
    "sidecars",
    "virtual_services",
    "workload_entries",
    "workloads",
    "worlds",
]
