"""Predict where an Istio sidecar sends an outgoing request, and why.

Importing the package opens nothing: a public name brings its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module

# Type checkers take it for true; to import it from typing would take longer than all the rest of this.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from meshegress._match import IMPLEMENTATION as IMPLEMENTATION
    from meshegress.accesslog.entry import AccessLogEntry as AccessLogEntry
    from meshegress.accesslog.logformat import AccessLogFormat as AccessLogFormat
    from meshegress.accesslog.logs import read_log as read_log
    from meshegress.accesslog.reader import LogReader as LogReader
    from meshegress.analysis.answers import Effect as Effect
    from meshegress.analysis.cells import Doubt as Doubt
    from meshegress.analysis.changes import Change as Change
    from meshegress.analysis.difference import Difference as Difference
    from meshegress.analysis.difference import diff as diff
    from meshegress.analysis.lint.finding import MeshFinding as MeshFinding
    from meshegress.analysis.lint.run import lint as lint
    from meshegress.analysis.meshes import MeshDifference as MeshDifference
    from meshegress.analysis.meshes import WorkloadDifference as WorkloadDifference
    from meshegress.analysis.meshes import diff_meshes as diff_meshes
    from meshegress.analysis.replay.replaying import Replay as Replay
    from meshegress.analysis.replay.replaying import replay as replay
    from meshegress.analysis.suggest.suggesting import suggest as suggest
    from meshegress.analysis.texts.product import Budget as Budget
    from meshegress.analysis.unused import unused as unused
    from meshegress.decision import Assumption as Assumption
    from meshegress.decision import Decision as Decision
    from meshegress.decision import Origin as Origin
    from meshegress.decision import Outcome as Outcome
    from meshegress.decision import SplitDestination as SplitDestination
    from meshegress.decision.reasons import Reason as Reason
    from meshegress.decision.reasons import ReasonCode as ReasonCode
    from meshegress.egress import Egress as Egress
    from meshegress.errors import LogFormatError as LogFormatError
    from meshegress.errors import LogParseError as LogParseError
    from meshegress.errors import MeshEgressError as MeshEgressError
    from meshegress.errors import MissingExtraError as MissingExtraError
    from meshegress.errors import RequestError as RequestError
    from meshegress.errors import ResourceError as ResourceError
    from meshegress.errors import WorkloadError as WorkloadError
    from meshegress.findings import Finding as Finding
    from meshegress.findings import Severity as Severity
    from meshegress.findings import Source as Source
    from meshegress.gateway import EgressGateway as EgressGateway
    from meshegress.journey import End as End
    from meshegress.journey import Journey as Journey
    from meshegress.journey import Sent as Sent
    from meshegress.mesh import Mesh as Mesh
    from meshegress.mesh.opened import check as check
    from meshegress.mesh.opened import load as load
    from meshegress.profiles import DEFAULT_RELEASE as DEFAULT_RELEASE
    from meshegress.request import Request as Request
    from meshegress.request import WireProtocol as WireProtocol
    from meshegress.request import Workload as Workload
    from meshegress.sources import Named as Named
    from meshegress.table.outgoing import ClusterDetails as ClusterDetails

__version__ = "0.1.0"

# Where each public name lives.
_HOMES = {
    "AccessLogEntry": "meshegress.accesslog.entry",
    "AccessLogFormat": "meshegress.accesslog.logformat",
    "Assumption": "meshegress.decision",
    "Budget": "meshegress.analysis.texts.product",
    "Change": "meshegress.analysis.changes",
    "ClusterDetails": "meshegress.table.outgoing",
    "DEFAULT_RELEASE": "meshegress.profiles",
    "Decision": "meshegress.decision",
    "SplitDestination": "meshegress.decision",
    "Difference": "meshegress.analysis.difference",
    "Doubt": "meshegress.analysis.cells",
    "Effect": "meshegress.analysis.answers",
    "Egress": "meshegress.egress",
    "EgressGateway": "meshegress.gateway",
    "End": "meshegress.journey",
    "Finding": "meshegress.findings",
    "IMPLEMENTATION": "meshegress._match",
    "Journey": "meshegress.journey",
    "LogFormatError": "meshegress.errors",
    "LogParseError": "meshegress.errors",
    "LogReader": "meshegress.accesslog.reader",
    "Mesh": "meshegress.mesh",
    "MeshDifference": "meshegress.analysis.meshes",
    "MeshEgressError": "meshegress.errors",
    "MeshFinding": "meshegress.analysis.lint.finding",
    "MissingExtraError": "meshegress.errors",
    "Named": "meshegress.sources",
    "Origin": "meshegress.decision",
    "Outcome": "meshegress.decision",
    "Reason": "meshegress.decision.reasons",
    "ReasonCode": "meshegress.decision.reasons",
    "Replay": "meshegress.analysis.replay.replaying",
    "Request": "meshegress.request",
    "RequestError": "meshegress.errors",
    "ResourceError": "meshegress.errors",
    "Sent": "meshegress.journey",
    "Severity": "meshegress.findings",
    "Source": "meshegress.findings",
    "WireProtocol": "meshegress.request",
    "Workload": "meshegress.request",
    "WorkloadDifference": "meshegress.analysis.meshes",
    "WorkloadError": "meshegress.errors",
    "check": "meshegress.mesh.opened",
    "diff": "meshegress.analysis.difference",
    "diff_meshes": "meshegress.analysis.meshes",
    "load": "meshegress.mesh.opened",
    "lint": "meshegress.analysis.lint.run",
    "read_log": "meshegress.accesslog.logs",
    "replay": "meshegress.analysis.replay.replaying",
    "suggest": "meshegress.analysis.suggest.suggesting",
    "unused": "meshegress.analysis.unused",
}

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> object:
    """Bring the public *name* from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module `meshegress` has no attribute `{name}`")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
