"""The transport of a cluster: what the rule demands, else the mesh's mutual TLS where it is used by itself.

Source: Istio, pilot/pkg/networking/core/cluster_tls.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshegress.compiler.model.services import RegistryPort, Service, ServiceResolution
from meshegress.resources import ServiceEntry
from meshegress.resources.destination_rule import ClientTLSMode, ClientTLSSettings
from meshegress.table.outgoing import MESH_TLS, Transport, TransportMatch

MESH_ALPN = ("istio-peer-exchange", "istio")
_CONFIG_MAP = "configmap://"
_SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsQuestion:
    """What decides over the transport of a cluster."""

    service: Service
    port: RegistryPort
    subset: str
    name: str
    tls: ClientTLSSettings | None
    is_http2: bool
    uses_credentials: bool
    by_itself: bool
    is_original: bool
    accounts: tuple[str, ...]
    own_certificates: Mapping[str, str]

    @property
    def is_dynamic(self) -> bool:
        """Whether names are resolved per request."""
        return self.service.resolution is ServiceResolution.DYNAMIC_DNS

    @property
    def mesh_alpn(self) -> tuple[str, ...]:
        """The ALPN inside the mesh."""
        return (*MESH_ALPN, "h2") if self.is_http2 else MESH_ALPN

    @property
    def outside_alpn(self) -> tuple[str, ...]:
        """The ALPN to others."""
        return ("h2",) if self.is_http2 else ()


@dataclass(frozen=True, slots=True)
class ChosenTransport:
    """A transport for all endpoints, or matches by their TLS mode."""

    transport: Transport | None = None
    matches: tuple[TransportMatch, ...] = ()
    keeps_alpn: bool = False
    note: str = ""


def choose_transport(question: TlsQuestion) -> ChosenTransport:
    """Return the transport of the cluster that *question* describes."""
    tls = question.tls
    if tls is None:
        return _by_itself(question) if question.by_itself else ChosenTransport()
    if tls.mode is ClientTLSMode.DISABLE:
        return ChosenTransport()
    if tls.mode is ClientTLSMode.ISTIO_MUTUAL:
        return ChosenTransport(_mesh_tls(question, tls))
    return _originated(question, tls)


def sni_of(port: int, subset: str, host: str) -> str:
    """Return the server name that proxies of the mesh show for a port of *host*.

    >>> sni_of(443, "", "a.com")
    'outbound_.443_._.a.com'
    """
    return f"outbound_.{port}_.{subset}_.{host}"


def _by_itself(question: TlsQuestion) -> ChosenTransport:
    """Return the mesh's mutual TLS for the endpoints that take it."""
    own = question.own_certificates
    if own.get("TLS_CLIENT_CERT_CHAIN"):
        return ChosenTransport(_own_tls(question))
    transport = _mesh_tls(question, None)
    if question.is_original:
        return ChosenTransport(transport)
    matches = (TransportMatch("tlsMode-istio", MESH_TLS, transport), TransportMatch("tlsMode-disabled", None, None))
    return ChosenTransport(matches=matches)


def _mesh_tls(question: TlsQuestion, tls: ClientTLSSettings | None) -> Transport:
    given = tls.sni if tls is not None else ""
    names = tuple(sorted(set(tls.subject_alt_names))) if tls is not None else ()
    sni = given or sni_of(question.port.number, question.subset, question.service.hostname)
    if tls is not None and question.own_certificates.get("TLS_CLIENT_CERT_CHAIN"):
        sni = given or question.name
    elif not names:
        names = question.accounts
    auto = question.is_dynamic and not given
    return Transport(
        sni=None if auto else sni,
        auto_sni=auto,
        alpn=question.mesh_alpn,
        certificate=MESH_TLS,
        validation=MESH_TLS,
        names=names,
        auto_names=question.is_dynamic,
    )


def _own_tls(question: TlsQuestion) -> Transport:
    """Return the mutual TLS with the certificates that the proxy's metadata names."""
    certificate, validation = _own_files(question)
    return Transport(
        sni=sni_of(question.port.number, question.subset, question.service.hostname),
        alpn=question.outside_alpn,
        certificate=certificate,
        validation=validation,
        names=question.accounts,
        auto_names=question.is_dynamic,
    )


def _own_files(question: TlsQuestion) -> tuple[str, str]:
    """Return the certificate and the validation that the proxy's metadata names."""
    own = question.own_certificates
    certificate = f"file:{own['TLS_CLIENT_CERT_CHAIN']},{own.get('TLS_CLIENT_KEY', '')}"
    return certificate, f"file:{own.get('TLS_CLIENT_ROOT_CERT', '')}"


def _originated(question: TlsQuestion, tls: ClientTLSSettings) -> ChosenTransport:
    """Return TLS to a server that need not be of the mesh."""
    credential = tls.credential_name
    if credential and not (question.uses_credentials or credential.startswith(_CONFIG_MAP)):
        note = f"credentialName `{credential}` is ignored by sidecars without a workloadSelector: this is plaintext"
        return ChosenTransport(keeps_alpn=True, note=note)
    is_mutual = tls.mode is ClientTLSMode.MUTUAL
    if credential:
        certificate = f"credential:{credential}" if is_mutual else "none"
        validation = f"credential:{credential}-cacert"
    else:
        certificate = f"file:{tls.client_certificate},{tls.private_key}" if is_mutual else "none"
        validation = f"file:{tls.ca_certificates}" if tls.ca_certificates not in ("", _SYSTEM) else _SYSTEM
    if is_mutual and question.own_certificates.get("TLS_CLIENT_CERT_CHAIN"):
        certificate, validation = _own_files(question)
    if tls.insecure_skip_verify:
        validation = "none"
    entry = question.service.resource
    declared = tuple(entry.spec.subject_alt_names) if isinstance(entry, ServiceEntry) else ()
    transport = Transport(
        sni=tls.sni or None,
        auto_sni=not tls.sni,
        alpn=question.outside_alpn,
        certificate=certificate,
        validation=validation,
        names=tuple(sorted(set(tls.subject_alt_names or declared))),
        auto_names=question.is_dynamic or not (tls.sni or tls.subject_alt_names),
    )
    return ChosenTransport(transport, keeps_alpn=True)
