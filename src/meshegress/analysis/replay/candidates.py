"""The mesh that a log is replayed against: other files, or the same ones under another policy."""

from __future__ import annotations

from meshegress.mesh import Mesh
from meshegress.resources.mesh_config import MeshOutboundMode, MeshOutboundTrafficPolicy


def with_policy(mesh: Mesh, mode: str) -> Mesh:
    """Return *mesh* with *mode* as the outboundTrafficPolicy of its mesh configuration.

    A Sidecar that sets a policy of its own keeps it, as it would in the cluster.

    Raises ValueError where *mode* is not one of Istio's.

    >>> print(with_policy(Mesh(), "REGISTRY_ONLY").egress().decide("https://www.baidu.com/"))
    BlackHoleCluster (blackhole)
    """
    if mode not in MeshOutboundMode.__members__:
        raise ValueError(
            f"`{mode}` is not an outboundTrafficPolicy; there are {', '.join(MeshOutboundMode.__members__)}"
        )
    policy = MeshOutboundTrafficPolicy(mode=MeshOutboundMode[mode])
    resources = mesh.resources
    config = resources.mesh_config.model_copy(update={"outbound_traffic_policy": policy})
    return Mesh(resources.with_mesh_config(config), istio=mesh.istio)
