"""ProxyConfig: the environment of the proxies of some workloads."""

from __future__ import annotations

from typing import Any

from meshegress.resources._message import FrozenMap, Message, StringMap, harmless, honoured
from meshegress.resources.metadata import Resource


class MatchLabelsSelector(Message):
    """The labels that a workload must carry."""

    match_labels: StringMap = honoured(factory=FrozenMap)


class ProxyConfigSpec(Message):
    """The environment, and whose; without a selector that of the whole namespace, in the root namespace of the mesh."""

    selector: MatchLabelsSelector | None = honoured(None)
    environment_variables: StringMap = honoured(factory=FrozenMap)
    concurrency: Any = harmless(None)
    image: Any = harmless(None)


class ProxyConfigResource(Resource):
    """A ProxyConfig of Istio."""

    api_version: str = honoured("networking.istio.io/v1beta1")
    kind: str = honoured("ProxyConfig")
    spec: ProxyConfigSpec = honoured(factory=lambda: ProxyConfigSpec())
    status: Any = harmless(None)
