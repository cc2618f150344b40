"""Who asks: the workload, by its namespace and what else chooses its configuration."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace

import meshegress
from meshegress.cli.exits import UsageError
from meshegress.cli.grammar.pairs import one_each, pair_of
from meshegress.cli.grammar.printing import Printer
from meshegress.loading import DEFAULT_NAMESPACE, unknown_namespace

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def add_workload_options(parser: argparse.ArgumentParser) -> None:
    """Declare who asks."""
    group = parser.add_argument_group("who asks")
    group.add_argument(
        "--workload",
        metavar="NS/NAME",
        help="namespace and name of a Pod, Deployment or other controller that was read, or the namespace alone",
    )
    group.add_argument("--namespace", metavar="NS", help="the namespace of the workload (default: default)")
    group.add_argument(
        "--label",
        action="append",
        default=[],
        type=pair_of("a label", "app=cart"),
        metavar="KEY=VALUE",
        help="a label of the workload",
    )
    group.add_argument("--ip", action="append", default=[], metavar="IP", help="an address of the workload itself")
    group.add_argument(
        "--metadata",
        action="append",
        default=[],
        type=pair_of("the proxy's metadata", "DNS_CAPTURE=true"),
        metavar="KEY=VALUE",
        help="of the proxy, such as DNS_CAPTURE=true",
    )


def add_gateway_option(parser: argparse.ArgumentParser) -> None:
    """Declare that a gateway may be asked instead of a workload."""
    parser.add_argument(
        "--gateway",
        metavar="NS/NAME",
        help="ask a gateway proxy, by its Service or Pod, about requests to the ports that its Pod listens on",
    )


def read_proxy(
    arguments: argparse.Namespace, mesh: meshegress.Mesh, printer: Printer
) -> meshegress.Egress | meshegress.EgressGateway:
    """Return the sidecar of the workload, or the gateway, that *arguments* describe."""
    if arguments.gateway is None:
        return mesh.egress(read_workload(arguments, mesh, printer))
    if arguments.workload is not None or arguments.namespace is not None:
        raise UsageError("--gateway names the proxy: --workload and --namespace do not go with it")
    return mesh.gateway(
        arguments.gateway,
        labels=one_each("--label", arguments.label) or None,
        addresses=arguments.ip or None,
        metadata=one_each("--metadata", arguments.metadata),
    )


def is_workload_named(arguments: argparse.Namespace) -> bool:
    """Return whether *arguments* describe a workload at all."""
    given = (arguments.workload, arguments.namespace, arguments.label, arguments.ip, arguments.metadata)
    return any(given)


def read_workload(arguments: argparse.Namespace, mesh: meshegress.Mesh, printer: Printer) -> meshegress.Workload:
    """Return the workload that *arguments* describe; a note tells where *mesh* knows nothing of its namespace.

    What is given beside the name of a workload that was read goes before what that says.
    """
    namespace, name = _namespace(arguments)
    doubt = unknown_namespace(mesh.resources, namespace)
    if doubt is not None:
        printer.note("unknown_namespace", "; ".join(doubt))
    labels = one_each("--label", arguments.label)
    metadata = one_each("--metadata", arguments.metadata)
    workload = _named(mesh, f"{namespace}/{name}") if name else meshegress.Workload(namespace)
    workload = replace(workload, labels={**workload.labels, **labels}, metadata={**workload.metadata, **metadata})
    return replace(workload, addresses=tuple(arguments.ip)) if arguments.ip else workload


def _named(mesh: meshegress.Mesh, name: str) -> meshegress.Workload:
    try:
        return mesh.workload(name)
    except meshegress.WorkloadError as error:
        raise UsageError(str(error)) from error


def _namespace(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return the namespace, and the name of the workload or nothing."""
    namespace, _, name = (arguments.workload or "").partition("/")
    given = {text for text in (namespace, arguments.namespace) if text}
    if len(given) > 1:
        raise UsageError("--workload and --namespace say two different things: give one of them")
    namespace = given.pop() if given else DEFAULT_NAMESPACE
    if not _NAMESPACE.fullmatch(namespace):
        raise UsageError(f"`{namespace}` is not the name of a namespace: it has small letters, digits and `-` only")
    return namespace, name
