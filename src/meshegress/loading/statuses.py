"""The addresses that istiod wrote into the status of a ServiceEntry, as far as they are another host's."""

from __future__ import annotations

from collections.abc import Iterator

from meshegress.findings import Severity
from meshegress.resources import ServiceEntry
from meshegress.resources.shape import shown
from meshegress.rules.problem import Problem

_CODE = "EG112"


def stale_addresses(entry: ServiceEntry) -> Iterator[Problem]:
    """Give a warning for each automatic address in the status that belongs to a host which the entry does not have.

    >>> status = {"addresses": [{"host": "b.com", "value": "240.240.0.1"}]}
    >>> entry = ServiceEntry(spec={"hosts": ["a.com"]}, status=status)
    >>> [problem.message for problem in stale_addresses(entry)]
    ['the address `240.240.0.1` is of `b.com`, which is not a host of this entry: the status is stale']
    """
    for index, row in enumerate(entry.status.addresses):
        if row.host and row.host not in entry.spec.hosts:
            message = (
                f"the address {shown(row.value)} is of {shown(row.host)}, which is not a host of this entry: "
                "the status is stale"
            )
            help = "give the entry as the cluster has it now, or without its status"
            yield Problem(("status", "addresses", index, "host"), message, help, Severity.WARNING, _CODE)
