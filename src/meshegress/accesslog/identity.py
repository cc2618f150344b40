"""Istio's own identity formats that are met beside logs: node ids, peer metadata, decorator operations, B3 ids.

Each decoder has its inverse: ``str()`` of a value, or ``encode()``, gives the text back.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from meshegress.accesslog.protostruct import decode_struct, encode_struct


@dataclass(frozen=True, slots=True)
class NodeId:
    """The id of a proxy: ``type~address~pod.namespace~dns domain``.

    >>> NodeId.parse("sidecar~10.0.1.38~sleep-1.default~default.svc.cluster.local").namespace
    'default'
    """

    type: str
    address: str
    pod: str
    namespace: str
    dns_domain: str

    @classmethod
    def parse(cls, text: str) -> NodeId | None:
        """Return the parts of *text*, None where it is not a node id."""
        parts = text.split("~")
        if len(parts) != 4 or not parts[0]:
            return None
        pod, _, namespace = parts[2].rpartition(".")
        return cls(parts[0], parts[1], pod, namespace, parts[3])

    def __str__(self) -> str:
        name = f"{self.pod}.{self.namespace}" if self.pod else self.namespace
        return f"{self.type}~{self.address}~{name}~{self.dns_domain}"


@dataclass(frozen=True, slots=True)
class PeerMetadata:
    """What a proxy tells its peer in ``x-envoy-peer-metadata``: a mapping, base64 of a protobuf Struct."""

    fields: Mapping[str, object]

    @classmethod
    def decode(cls, text: str) -> PeerMetadata | None:
        """Return what *text* tells, None where it is no such header.

        >>> PeerMetadata.decode("CgwKBE5BTUUSBBoCYS0=").name
        'a-'
        """
        try:
            fields = decode_struct(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            return None
        return cls(fields)

    def encode(self) -> str:
        """Return the header; members keep their order, so what was decoded gives the same text."""
        return base64.b64encode(encode_struct(self.fields)).decode("ascii")

    @property
    def name(self) -> str | None:
        """The name of the pod."""
        return self._text("NAME")

    @property
    def namespace(self) -> str | None:
        """The namespace."""
        return self._text("NAMESPACE")

    @property
    def workload(self) -> str | None:
        """The name of the workload, such as a Deployment."""
        return self._text("WORKLOAD_NAME")

    @property
    def service_account(self) -> str | None:
        """The service account."""
        return self._text("SERVICE_ACCOUNT")

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the pod."""
        labels = self.fields.get("LABELS")
        return {key: str(value) for key, value in labels.items()} if isinstance(labels, Mapping) else {}

    def _text(self, key: str) -> str | None:
        value = self.fields.get(key)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class DecoratorOperation:
    """The span name that Istio gives a route: ``host:port/path``, the path with ``*`` for any.

    >>> DecoratorOperation.parse("httpbin.org:80/*").port
    80
    """

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> DecoratorOperation | None:
        """Return the parts of *text*, None where it is no such name."""
        authority, slash, path = text.partition("/")
        host, _, port = authority.rpartition(":")
        if not slash or not host or not port.isascii() or not port.isdigit():
            return None
        return cls(host, int(port), f"/{path}") if str(int(port)) == port else None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}{self.path}"


_TRACE_ID = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class B3:
    """The ids of a trace as B3 headers carry them; ``sampled`` is None where the decision is left to others.

    >>> str(B3.parse("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1"))
    '80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1'
    """

    trace_id: str
    span_id: str
    sampled: str | None = None
    parent_span_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> B3 | None:
        """Return the ids of the single header ``b3``, None where it is none."""
        parts: list[str | None] = [*text.split("-")]
        return cls._checked(*parts, *[None] * (4 - len(parts))) if len(parts) <= 4 else None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> B3 | None:
        """Return the ids of *headers*, the single one or the four ``x-b3-…``, any case; None where there are none."""
        lower = {name.lower(): value for name, value in headers.items()}
        if "b3" in lower:
            return cls.parse(lower["b3"])
        parts = ("traceid", "spanid", "sampled", "parentspanid")
        return cls._checked(*(lower.get(f"x-b3-{part}") for part in parts))

    @classmethod
    def _checked(cls, trace: str | None, span: str | None, sampled: str | None, parent: str | None) -> B3 | None:
        if not trace or not span or not _TRACE_ID.fullmatch(trace) or not _SPAN_ID.fullmatch(span):
            return None
        if sampled not in (None, "0", "1", "d") or (parent is not None and not _SPAN_ID.fullmatch(parent)):
            return None
        return cls(trace, span, sampled, parent)

    def headers(self) -> dict[str, str]:
        """Return the four headers."""
        pairs = {
            "x-b3-traceid": self.trace_id,
            "x-b3-spanid": self.span_id,
            "x-b3-parentspanid": self.parent_span_id,
            "x-b3-sampled": self.sampled,
        }
        return {name: value for name, value in pairs.items() if value is not None}

    def __str__(self) -> str:
        return "-".join(part for part in (self.trace_id, self.span_id, self.sampled, self.parent_span_id) if part)
