"""``meshegress export-command``: the one line of shell whose output holds all that decides, and says so."""

from __future__ import annotations

import argparse

from meshegress.cli.exits import OK, help_end

EXAMPLES = ("meshegress export-command", "meshegress export-command | sh > mesh.yaml")

EXPORTED = {
    "ServiceEntry": "serviceentries.networking.istio.io",
    "Sidecar": "sidecars.networking.istio.io",
    "VirtualService": "virtualservices.networking.istio.io",
    "DestinationRule": "destinationrules.networking.istio.io",
    "WorkloadEntry": "workloadentries.networking.istio.io",
    "Gateway": "gateways.networking.istio.io",
    "EnvoyFilter": "envoyfilters.networking.istio.io",
    "ProxyConfig": "proxyconfigs.networking.istio.io",
    "PeerAuthentication": "peerauthentications.security.istio.io",
    "Service": "services",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "Endpoints": "endpoints",
    "Pod": "pods",
    "Namespace": "namespaces",
}
"""What every cluster with Istio has, by kind, as kubectl names it."""

# kubectl refuses to list a type that the cluster lacks, so what not every cluster has is looked for first.
_OTHERS = r"kubectl api-resources --verbs=list -o name | grep -E '\.(extensions\.istio|gateway\.networking\.k8s)\.io$'"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.description = "Print the line of shell that exports a cluster: its output is complete, and says so."
    parser.epilog = help_end(EXAMPLES, ok="printed")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the line."""
    print(export_command())
    return OK


def export_command() -> str:
    """Return the line of shell that exports everything that is read, from all namespaces.

    >>> export_command().startswith("{ echo '# meshegress: complete'; kubectl get serviceentries.networking.istio.io,")
    True
    """
    kinds = f"{','.join(EXPORTED.values())}$({_OTHERS} | sed 's/^/,/' | tr -d '\\n')"
    mesh = "kubectl get configmaps -n istio-system -o yaml"
    return f"{{ echo '# meshegress: complete'; kubectl get {kinds} -A -o yaml; echo ---; {mesh}; }}"
