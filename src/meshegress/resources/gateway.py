"""Gateway: the servers of a gateway workload; sidecars never read it, gateways do."""

from __future__ import annotations

from typing import Any

from meshegress.resources._message import Bool, FrozenMap, Message, StringMap, UInt32, WireEnum, harmless, honoured
from meshegress.resources.metadata import Resource


class Port(Message):
    """The port of a server."""

    number: UInt32 = honoured(0)
    protocol: str = honoured("")
    name: str = honoured("")
    target_port: UInt32 = harmless(0)


class ServerTLSMode(WireEnum):
    """What a server asks of its clients."""

    PASSTHROUGH = "PASSTHROUGH"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    AUTO_PASSTHROUGH = "AUTO_PASSTHROUGH"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    OPTIONAL_MUTUAL = "OPTIONAL_MUTUAL"


class TLSCertificate(Message):
    """A certificate and its key."""

    server_certificate: str = harmless("")
    private_key: str = harmless("")
    ca_certificates: str = harmless("")


class TLSProtocol(WireEnum):
    """A TLS version."""

    TLS_AUTO = "TLS_AUTO"
    TLSV1_0 = "TLSV1_0"
    TLSV1_1 = "TLSV1_1"
    TLSV1_2 = "TLSV1_2"
    TLSV1_3 = "TLSV1_3"


class ServerTLSSettings(Message):
    """How a server terminates TLS."""

    https_redirect: Bool = honoured(False)
    mode: ServerTLSMode = honoured(ServerTLSMode.PASSTHROUGH)
    server_certificate: str = harmless("")
    private_key: str = harmless("")
    ca_certificates: str = harmless("")
    ca_crl: str = harmless("")
    credential_name: str = harmless("")
    credential_names: tuple[str, ...] = harmless(())
    ca_cert_credential_name: str = harmless("")
    tls_certificates: tuple[TLSCertificate, ...] = harmless(())
    subject_alt_names: tuple[str, ...] = harmless(())
    verify_certificate_spki: tuple[str, ...] = harmless(())
    verify_certificate_hash: tuple[str, ...] = harmless(())
    min_protocol_version: TLSProtocol = harmless(TLSProtocol.TLS_AUTO)
    max_protocol_version: TLSProtocol = harmless(TLSProtocol.TLS_AUTO)
    cipher_suites: tuple[str, ...] = harmless(())
    insecure_skip_verify: Bool | None = harmless(None)


class Server(Message):
    """One port of a gateway, and the hosts on it."""

    port: Port | None = honoured(None)
    bind: str = honoured("")
    hosts: tuple[str, ...] = honoured(())
    tls: ServerTLSSettings | None = honoured(None)
    default_endpoint: str = harmless("")
    name: str = harmless("")


class GatewaySpec(Message):
    """The servers, and the gateway workloads that run them."""

    servers: tuple[Server, ...] = honoured(())
    selector: StringMap = honoured(factory=FrozenMap)


class Gateway(Resource):
    """The servers of a gateway workload."""

    api_version: str = honoured("networking.istio.io/v1")
    kind: str = honoured("Gateway")
    spec: GatewaySpec = honoured(factory=lambda: GatewaySpec())
    status: Any = harmless(None)
