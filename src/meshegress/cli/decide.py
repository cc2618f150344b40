"""``meshegress decide PATH... URL``: where a request goes, and why."""

from __future__ import annotations

import argparse
import json

import meshegress
from meshegress.cli.exits import FAILED, OK
from meshegress.profiles import PROFILES


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Predict where a workload's sidecar sends the request for URL. Not a security boundary."
    parser.epilog = "exit codes: 0 answered, 1 the expectation failed, 2 bad input"
    parser.add_argument("paths", nargs="+", metavar="PATH", help="resources: files, folders, or - for standard input")
    parser.add_argument("url", metavar="URL", help="http://, https://, ws://, wss:// or tcp://host:port")
    parser.add_argument("--namespace", default="default", help="where the workload runs (default: default)")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE", help="a label of the workload")
    parser.add_argument("--address", metavar="IP", help="the address that the client connects to")
    parser.add_argument("--istio", choices=PROFILES, default=meshegress.DEFAULT_RELEASE, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--expect", metavar="CLUSTER", help="a cluster, or an outcome such as blackhole; else exit 1")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decide the request, print the answer, and compare it with the expectation."""
    request = meshegress.Request.from_url(arguments.url, address=arguments.address)
    mesh = meshegress.load(*arguments.paths, istio=arguments.istio)
    labels = dict(label.partition("=")[::2] for label in arguments.label)
    egress = mesh.egress(arguments.namespace, labels=labels)
    decision = egress.decide(request)
    if arguments.json:
        print(json.dumps(as_dict(mesh, egress, decision), indent=2))
    else:
        print(decision)
        print(mesh_configuration(mesh, egress))
        print(egress.explain(request))
    return OK if arguments.expect in (None, decision.cluster, decision.outcome.value) else FAILED


def mesh_configuration(mesh: meshegress.Mesh, egress: meshegress.Egress) -> str:
    """Return the line that says which mesh configuration holds, where it stands, and the policy in force."""
    source = mesh.resources.mesh_config_source
    told = f"mesh configuration of {source}" if source else "no mesh configuration: Istio's defaults"
    return f"{told}; outbound policy {egress.policy}; Istio {mesh.istio}"


def as_dict(mesh: meshegress.Mesh, egress: meshegress.Egress, decision: meshegress.Decision) -> dict[str, object]:
    """Return the decision as JSON-ready values, with the mesh configuration beside it."""
    source = mesh.resources.mesh_config_source
    return {
        **decision.as_dict(),
        "istio": mesh.istio,
        "mesh_config": str(source) if source else None,
        "outbound_traffic_policy": egress.policy,
    }
