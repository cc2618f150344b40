"""ServerTLSSettings: how a Gateway or an inbound Sidecar listener terminates TLS."""

from __future__ import annotations

from collections import Counter

from meshegress.profiles import Profile
from meshegress.resources.gateway import ServerTLSMode, ServerTLSSettings, TLSCertificate, TLSProtocol
from meshegress.resources.shape import shown
from meshegress.rules.problem import Problem, Problems, warning

_CIPHERS = frozenset(
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    ]
)
_MUTUAL = (ServerTLSMode.MUTUAL, ServerTLSMode.OPTIONAL_MUTUAL)
_WITH_CERTIFICATES = (ServerTLSMode.SIMPLE, *_MUTUAL)
_WITHOUT_CERTIFICATES = (ServerTLSMode.PASSTHROUGH, ServerTLSMode.AUTO_PASSTHROUGH)


def server_tls_problems(tls: ServerTLSSettings, profile: Profile) -> Problems:
    """Judge *tls*; paths start at it."""
    yield from _cipher_problems(tls)
    several = profile.several_server_certificates
    credential_names = tls.credential_names if several else ()
    certificates = tls.tls_certificates if several else ()
    given = {"serverCertificate": tls.server_certificate, "privateKey": tls.private_key,
             "caCertificates": tls.ca_certificates, "tlsCertificates": certificates,
             "credentialName": tls.credential_name, "credentialNames": credential_names}  # fmt: skip
    if tls.mode is ServerTLSMode.ISTIO_MUTUAL:
        for field, value in given.items():
            if value:
                yield Problem((field,), "mode ISTIO_MUTUAL has its own certificates", f"remove `{field}`")
        return
    if tls.mode in _WITHOUT_CERTIFICATES and (tls.ca_crl or any(given.values())):
        yield warning(("mode",), f"mode {tls.mode} uses no certificates: they are ignored", "remove them")
    sources = [bool(tls.server_certificate and tls.private_key), tls.credential_name, credential_names, certificates]
    if several and sum(map(bool, sources)) > 1:
        yield Problem((), "the certificate is given in several ways", "give it once")
    if tls.mode in _WITH_CERTIFICATES and (tls.credential_name or credential_names):
        return
    if tls.mode in _WITH_CERTIFICATES:
        yield from _certificate_problems(tls, certificates)
    yield from _revocation_problems(tls)


def _cipher_problems(tls: ServerTLSSettings) -> Problems:
    if tls.min_protocol_version in (TLSProtocol.TLSV1_0, TLSProtocol.TLSV1_1) and not tls.cipher_suites:
        yield warning(("minProtocolVersion",), "no cipher of the default suites is that old", "set `cipherSuites`")
    counts = Counter(tls.cipher_suites)
    for index, cipher in enumerate(tls.cipher_suites):
        if not _is_cipher(cipher):
            yield warning(("cipherSuites", index), f"{shown(cipher)} is not a cipher suite: it is ignored")
        elif counts[cipher] > 1 and tls.cipher_suites.index(cipher) != index:
            yield warning(("cipherSuites", index), f"{shown(cipher)} is named twice")


def _is_cipher(cipher: str) -> bool:
    # What starts with an operator is an expression, which Istio leaves to Envoy.
    return cipher in ("", "ALL") or not cipher[0].isalnum() or cipher in _CIPHERS


def _certificate_problems(tls: ServerTLSSettings, certificates: tuple[TLSCertificate, ...]) -> Problems:
    if tls.mode in _MUTUAL and not tls.ca_certificates:
        yield Problem(
            ("caCertificates",),
            f"mode {tls.mode} needs the CA of its clients",
            "give `caCertificates`, or a `credentialName`",
        )
    if len(certificates) > 2:
        yield warning(("tlsCertificates",), "there are more than two server certificates")
    for index, certificate in enumerate(certificates):
        yield from _pair_problems(certificate, ("tlsCertificates", index))
    if not certificates:
        yield from _pair_problems(tls, ())


def _pair_problems(certificate: TLSCertificate | ServerTLSSettings, path: tuple[str | int, ...]) -> Problems:
    if not certificate.server_certificate:
        yield Problem(
            (*path, "serverCertificate"),
            "the server certificate is missing",
            "give `serverCertificate`, or a `credentialName`",
        )
    if not certificate.private_key:
        yield Problem((*path, "privateKey"), "the private key is missing", "give `privateKey`, or a `credentialName`")


def _revocation_problems(tls: ServerTLSSettings) -> Problems:
    if tls.ca_crl and tls.credential_name:
        yield Problem(("caCrl",), "a revocation list beside a credentialName", "put it into the credential")
    if tls.ca_crl and tls.mode is ServerTLSMode.SIMPLE:
        yield Problem(("caCrl",), "mode SIMPLE has no revocation list", "remove it")
