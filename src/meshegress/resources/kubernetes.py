"""Kubernetes: the services, endpoints, pods and namespaces that shape a sidecar's view, as far as they do."""

from __future__ import annotations

from typing import Any, ClassVar

from meshegress.resources._message import Bool, FrozenMap, Int32, Message, StringMap, harmless, honoured
from meshegress.resources.metadata import Resource


class KubernetesServicePort(Message):
    """A port of a Service; a missing ``target_port`` is ``port``, and a text names a container port."""

    name: str = honoured("")
    protocol: str = honoured("")
    app_protocol: str | None = honoured(None)
    port: Int32 = honoured(0)
    target_port: Int32 | str | None = honoured(None)
    node_port: Int32 = harmless(0)


class KubernetesServiceSpec(Message):
    """The addresses, ports and selector of a Service."""

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset({"ipFamily", "topologyKeys"})

    ports: tuple[KubernetesServicePort, ...] = honoured(())
    selector: StringMap = honoured(factory=FrozenMap)
    cluster_ip: str = honoured("", alias="clusterIP")
    cluster_ips: tuple[str, ...] = honoured((), alias="clusterIPs")
    type: str = honoured("")
    external_ips: tuple[str, ...] = honoured((), alias="externalIPs")
    external_name: str = honoured("")
    publish_not_ready_addresses: Bool = honoured(False)
    ip_families: tuple[str, ...] = harmless(())
    ip_family_policy: str | None = harmless(None)
    internal_traffic_policy: str | None = honoured(None)
    external_traffic_policy: str = harmless("")
    session_affinity: str = harmless("")
    session_affinity_config: Any = harmless(None)
    load_balancer_ip: str = harmless("", alias="loadBalancerIP")
    load_balancer_source_ranges: tuple[str, ...] = harmless(())
    load_balancer_class: str | None = harmless(None)
    health_check_node_port: Int32 = harmless(0)
    allocate_load_balancer_node_ports: Bool | None = harmless(None)
    traffic_distribution: str | None = harmless(None)


class KubernetesService(Resource):
    """A Service of Kubernetes."""

    api_version: str = honoured("v1")
    kind: str = honoured("Service")
    spec: KubernetesServiceSpec = honoured(factory=lambda: KubernetesServiceSpec())
    status: Any = harmless(None)


class EndpointConditions(Message):
    """Whether an endpoint takes traffic; absent means unknown."""

    ready: Bool | None = honoured(None)
    serving: Bool | None = honoured(None)
    terminating: Bool | None = honoured(None)


class SliceEndpoint(Message):
    """One endpoint of a slice and its addresses."""

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset({"topology"})

    addresses: tuple[str, ...] = honoured(())
    conditions: EndpointConditions = honoured(factory=lambda: EndpointConditions())
    hostname: str | None = honoured(None)
    target_ref: Any = honoured(None)
    node_name: str | None = harmless(None)
    zone: str | None = harmless(None)
    hints: Any = harmless(None)
    deprecated_topology: Any = harmless(None)


class EndpointPort(Message):
    """A port of endpoints; its name pairs it with the port of the Service."""

    name: str | None = honoured(None)
    protocol: str | None = honoured(None)
    port: Int32 | None = honoured(None)
    app_protocol: str | None = honoured(None)


class EndpointSlice(Resource):
    """A part of the endpoints of a Service, which its label names."""

    api_version: str = honoured("discovery.k8s.io/v1")
    kind: str = honoured("EndpointSlice")
    address_type: str = honoured("")
    endpoints: tuple[SliceEndpoint, ...] = honoured(())
    ports: tuple[EndpointPort, ...] = honoured(())


class EndpointAddress(Message):
    """An address of an older Endpoints object."""

    ip: str = honoured("")
    hostname: str = honoured("")
    node_name: str | None = harmless(None)
    target_ref: Any = honoured(None)


class EndpointSubset(Message):
    """Addresses that share ports."""

    addresses: tuple[EndpointAddress, ...] = honoured(())
    not_ready_addresses: tuple[EndpointAddress, ...] = honoured(())
    ports: tuple[EndpointPort, ...] = honoured(())


class Endpoints(Resource):
    """The endpoints of the Service of the same name, in the older form."""

    api_version: str = honoured("v1")
    kind: str = honoured("Endpoints")
    subsets: tuple[EndpointSubset, ...] = honoured(())


class ContainerPort(Message):
    """A port of a container, which Services may name."""

    name: str = honoured("")
    container_port: Int32 = honoured(0)
    protocol: str = honoured("")
    host_port: Int32 = harmless(0)
    host_ip: str = harmless("", alias="hostIP")


class Container(Message):
    """A container: only its ports matter."""

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset({
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe",
        "readinessProbe", "resizePolicy", "resources", "restartPolicy", "restartPolicyRules", "securityContext",
        "startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty",
        "volumeDevices", "volumeMounts", "workingDir",
    })  # fmt: skip

    name: str = harmless("")
    ports: tuple[ContainerPort, ...] = honoured(())


class PodSpec(Message):
    """The containers and names of a Pod; what else it holds cannot change a decision."""

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset({
        "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy",
        "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC", "hostPID", "hostUsers",
        "hostnameOverride", "imagePullSecrets", "nodeSelector", "os", "overhead", "preemptionPolicy",
        "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy",
        "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
        "setHostnameAsFQDN", "shareProcessNamespace", "terminationGracePeriodSeconds", "tolerations",
        "topologySpreadConstraints", "volumes", "workloadRef",
    })  # fmt: skip

    containers: tuple[Container, ...] = honoured(())
    init_containers: tuple[Container, ...] = honoured(())
    hostname: str = honoured("")
    subdomain: str = honoured("")
    host_network: Bool = honoured(False)
    node_name: str = honoured("")
    service_account_name: str = honoured("")


class PodIP(Message):
    """An address of a Pod."""

    OTHERS_HARMLESS: ClassVar[bool] = True

    ip: str = honoured("")


class PodCondition(Message):
    """A condition of a Pod, such as ``Ready``."""

    OTHERS_HARMLESS: ClassVar[bool] = True

    type: str = honoured("")
    status: str = honoured("")


class PodStatus(Message):
    """The state and addresses of a Pod."""

    OTHERS_HARMLESS: ClassVar[bool] = True

    phase: str = honoured("")
    pod_ip: str = honoured("", alias="podIP")
    pod_ips: tuple[PodIP, ...] = honoured((), alias="podIPs")
    conditions: tuple[PodCondition, ...] = honoured(())


class Pod(Resource):
    """A Pod of Kubernetes."""

    api_version: str = honoured("v1")
    kind: str = honoured("Pod")
    spec: PodSpec = honoured(factory=lambda: PodSpec())
    status: PodStatus = honoured(factory=lambda: PodStatus())


class Namespace(Resource):
    """A namespace of Kubernetes; its labels matter."""

    api_version: str = honoured("v1")
    kind: str = honoured("Namespace")
    spec: Any = harmless(None)
    status: Any = harmless(None)
