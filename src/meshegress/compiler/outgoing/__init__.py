"""What leaves through a cluster: the policy in force, the transport, the endpoints; made when somebody asks.

Source: Istio, pilot/pkg/networking/core, cluster.go, cluster_builder.go, cluster_traffic_policy.go and cluster_tls.go.
"""

from meshegress.compiler.outgoing.details import Outgoing as Outgoing
