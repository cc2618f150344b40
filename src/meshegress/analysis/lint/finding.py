"""A finding about a mesh: with a request that shows it, and what becomes of that without the resource and with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshegress.decision import Decision
from meshegress.findings import Finding, Severity, Source
from meshegress.request import Request, Workload


@dataclass(frozen=True, slots=True)
class Rule:
    """How a code is shown: its severity, what it means for clients, and what other tools call it."""

    severity: Severity
    meaning: str
    aliases: tuple[str, ...] = ()


_WARNING, _INFO, _ERROR = Severity.WARNING, Severity.INFO, Severity.ERROR

RULES: Mapping[str, Rule] = {
    "EG401": Rule(
        _WARNING,
        "A port of bytes without an address has no name to be told apart by, so the sidecar sends all that comes to "
        "the port to this one host, whoever it was meant for. The finding names those who lose by it.",
        ("IST0134",),
    ),
    "EG402": Rule(
        _WARNING,
        "No request of any workload is answered otherwise without it: it is hidden, not exported, shadowed by another "
        "one, or never reached. Of two that are equal each is dead alone: remove one, and ask again.",
        ("IST0101", "IST0109", "IST0111", "IST0131"),
    ),
    "EG403": Rule(
        _ERROR,
        "Requests that it takes end in a cluster that does not exist, that nothing stands behind, or in no route.",
        ("IST0101", "IST0112", "IST0173", "KIA1101", "KIA1107"),
    ),
    "EG404": Rule(
        _ERROR,
        "Entries of one host in one namespace are one service only where resolution and namespace agree; the ports of "
        "the later one get no cluster, and what is sent there ends with NC.",
    ),
    "EG405": Rule(
        _WARNING,
        "A client that sees one host twice gets one of the two: which one may depend on its namespace, on the port, "
        "and on which resource is older.",
        ("IST0109",),
    ),
    "EG406": Rule(
        _INFO,
        "A narrower host takes its names from a wildcard, or from the routes of a wildcard. Often this is meant.",
    ),
    "EG407": Rule(
        _WARNING,
        "What the port is declared to speak is not what its clients speak, or two protocols meet on one port.",
    ),
    "EG408": Rule(
        _WARNING,
        "The listener now waits for the client's first bytes, and on this port servers speak first: both sides wait.",
    ),
    "EG409": Rule(
        _ERROR,
        "Envoy refuses a listener or a route configuration as a whole, and all that it held fails with it.",
    ),
    "EG410": Rule(
        _WARNING,
        "Istio takes the older of the resources that want the same, and their ages are not known: both answers are "
        "possible, and a restored backup or a second cluster may have the other one.",
    ),
    "EG411": Rule(
        _WARNING,
        "What it imports or is exported to does not exist, or nobody looks where it stands.",
        ("IST0101", "KIA1004"),
    ),
    "EG412": Rule(
        _WARNING,
        "A Sidecar decides for its workloads what becomes of undeclared traffic; an empty `outboundTrafficPolicy` is "
        "REGISTRY_ONLY, whatever the mesh says.",
    ),
    "EG413": Rule(_INFO, "It takes more, or less, than one may expect. No request is needed to see it."),
    "EG414": Rule(
        _INFO,
        "No request of any workload is answered otherwise without this part, while the rest of the resource counts.",
        ("IST0130", "IST0131"),
    ),
    "EG415": Rule(_INFO, "So many resources are entangled that leaving each of them out would take too long."),
    "EG421": Rule(_WARNING, "Who reads it later should know why the finding does not count here."),
    "EG422": Rule(_INFO, "What it was written for is gone, or has another code."),
}
"""Each code of a finding about a mesh."""


@dataclass(frozen=True, slots=True)
class MeshFinding(Finding):
    """A finding about a mesh.

    ``after`` is what becomes of the ``witness`` for the first of the ``workloads``, and ``before`` what would become of
    it without the resource ``about``: kind, namespace and name. ``victims`` are those who lose by it.
    """

    about: tuple[str, str, str] = ("", "", "")
    witness: Request | None = None
    before: Decision | None = None
    after: Decision | None = None
    victims: tuple[str, ...] = ()
    workloads: tuple[Workload, ...] = field(default=(), repr=False)

    @property
    def aliases(self) -> tuple[str, ...]:
        """What istioctl (IST) and Kiali (KIA) call what this is."""
        return RULES[self.code].aliases

    @property
    def url(self) -> str:
        """Where the code is described."""
        return f"docs/lint.md#{self.code.lower()}"

    @property
    def fingerprint(self) -> str:
        """What it is recognized by in a baseline: not by its place, which moves, nor by its words."""
        return " ".join((self.code, self.subject, self.field)).strip()


def finding(
    code: str,
    where: Source,
    message: str,
    *,
    subject: str,
    about: tuple[str, str, str],
    severity: Severity | None = None,
    field: str = "",
    witness: Request | None = None,
    before: Decision | None = None,
    after: Decision | None = None,
    victims: tuple[str, ...] = (),
    workloads: tuple[Workload, ...] = (),
) -> MeshFinding:
    """Return a finding of *code*, with the severity of its rule unless another is given."""
    return MeshFinding(
        code,
        where,
        message,
        severity or RULES[code].severity,
        subject,
        field,
        about=about,
        witness=witness,
        before=before,
        after=after,
        victims=victims,
        workloads=workloads,
    )
