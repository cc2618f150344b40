"""WorkloadEntry: one address that stands behind services, and the inline endpoint of a ServiceEntry."""

from __future__ import annotations

from meshegress.resources._message import FrozenMap, Message, StringMap, UInt32, UInt32Map, harmless, honoured
from meshegress.resources.metadata import IstioStatus, Resource


class WorkloadEntrySpec(Message):
    """One endpoint: an address, its ports by service port name, and its labels."""

    address: str = honoured("")
    ports: UInt32Map = honoured(factory=FrozenMap)
    labels: StringMap = honoured(factory=FrozenMap)
    network: str = honoured("")
    locality: str = honoured("")
    weight: UInt32 = harmless(0)
    service_account: str = honoured("")


class WorkloadEntry(Resource):
    """A workload outside Kubernetes, selected by the ServiceEntries of its namespace."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("WorkloadEntry")
    spec: WorkloadEntrySpec = honoured(factory=lambda: WorkloadEntrySpec())
    status: IstioStatus = honoured(factory=IstioStatus)
