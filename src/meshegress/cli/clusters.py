"""``meshegress clusters MESH... [NAME]``: what leaves a proxy, cluster by cluster, and which rule makes it so."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import meshegress
from meshegress.cli.exits import OK, UsageError, help_end
from meshegress.cli.grammar.mesh import add_mesh_options, check_standard_input, open_mesh, tell_what_was_read
from meshegress.cli.grammar.printing import Printer, add_printing_options
from meshegress.cli.grammar.workload import add_gateway_option, add_workload_options, read_proxy
from meshegress.naming import ClusterName

EXAMPLES = (
    "meshegress clusters cluster.yaml --namespace shop",
    "meshegress clusters cluster.yaml --gateway istio-system/istio-egressgateway 'outbound|443||www.example.com'",
)
_TITLES = ("SERVICE FQDN", "PORT", "SUBSET", "TYPE", "TRANSPORT", "DESTINATION RULE")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.usage = "%(prog)s MESH... [NAME] [options]"
    parser.description = "Print the clusters of a proxy, as `istioctl proxy-config clusters` does, with the reason."
    parser.epilog = help_end(EXAMPLES)
    parser.add_argument("words", nargs="*", metavar="MESH, NAME", help="the resources, and the name of a cluster")
    add_mesh_options(parser)
    add_workload_options(parser)
    add_gateway_option(parser)
    add_printing_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one cluster with all that leaves through it, or a line for each."""
    sources = [word for word in arguments.words if "|" not in word]
    names = [word for word in arguments.words if "|" in word]
    if not sources:
        raise UsageError("no MESH: give files, folders, or `-` for standard input")
    check_standard_input(sources, arguments.mesh, None)
    with Printer(arguments) as printer:
        mesh = open_mesh(arguments, sources, printer)
        proxy = read_proxy(arguments, mesh, printer)
        asked = names or sorted(filter(ClusterName.parse, proxy.table.clusters), key=_by_host)
        found = [_details_of(proxy, name) for name in asked]
        if not printer.is_text:
            printer.documents((details.as_dict() for details in found), is_list=len(names) != 1)
        elif names:
            for details in found:
                printer.line(str(details))
        else:
            for line in _lines([_TITLES, *map(_row, found)]):
                printer.line(line)
        tell_what_was_read(mesh, printer)
    return OK


def _by_host(name: str) -> tuple[str, int, str]:
    parsed = ClusterName.parse(name)
    return (parsed.host, parsed.port, parsed.subset) if parsed is not None else (name, 0, "")


def _details_of(proxy: meshegress.Egress | meshegress.EgressGateway, name: str) -> meshegress.ClusterDetails:
    details = proxy.cluster(name)
    if details is None:
        reason = proxy.why_no_cluster(name) or "it is a cluster of no service"
        raise UsageError(f"there is no cluster `{name}` here: {reason}")
    return details


def _row(details: meshegress.ClusterDetails) -> Sequence[str]:
    name = ClusterName.parse(details.name)
    assert name is not None  # only such are asked for
    transports = [match.transport for match in details.matches] or [details.transport]
    shown = " or ".join("plaintext" if one is None else str(one) for one in transports)
    rule = details.rule
    place = f"{rule.namespace}/{rule.name} ({rule.host_source})" if rule is not None else "-"
    return name.host, str(name.port), name.subset or "-", details.discovery.value, shown, place


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
