"""PeerAuthentication: whether workloads take the mesh's mutual TLS, and so whether clients use it by themselves."""

from __future__ import annotations

from typing import Any

from meshegress.resources._message import FrozenMap, Message, StringMap, WireEnum, harmless, honoured
from meshegress.resources.metadata import Resource


class MutualTLSMode(WireEnum):
    """Whether a workload takes mutual TLS; ``UNSET`` takes over what stands above."""

    UNSET = "UNSET"
    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


class MutualTLS(Message):
    """The mode of a workload, or of one port of it."""

    mode: MutualTLSMode = honoured(MutualTLSMode.UNSET)


class PeerSelector(Message):
    """The labels that a workload must carry."""

    match_labels: StringMap = honoured(factory=FrozenMap)


class PeerAuthenticationSpec(Message):
    """The mode of the workloads selected, and of single ports of theirs."""

    selector: PeerSelector | None = honoured(None)
    mtls: MutualTLS | None = honoured(None)
    port_level_mtls: dict[str, MutualTLS] = honoured(factory=dict)


class PeerAuthentication(Resource):
    """Whether the workloads of a namespace, or of the mesh, take mutual TLS."""

    api_version: str = honoured("security.istio.io/v1")
    kind: str = honoured("PeerAuthentication")
    spec: PeerAuthenticationSpec = honoured(factory=lambda: PeerAuthenticationSpec())
    status: Any = harmless(None)
