"""The annotations of a Pod that its sidecar follows: the settings of its proxy, and those that the injector refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from meshegress.findings import Severity
from meshegress.loading.documents import BadDocumentError, read_documents
from meshegress.request.capture import unreadable_annotations
from meshegress.resources.mesh_config import ProxyConfig
from meshegress.resources.reading import read
from meshegress.resources.shape import shown
from meshegress.rules.problem import Problem

PROXY_CONFIG = "proxy.istio.io/config"
_CODE = "EG111"


@lru_cache(maxsize=1024)
def proxy_config_of(text: str) -> ProxyConfig | None:
    """Return the settings that the annotation ``proxy.istio.io/config`` holds, or None where it cannot be read.

    >>> proxy_config_of('proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}').proxy_metadata["ISTIO_META_DNS_CAPTURE"]
    'true'
    >>> proxy_config_of("proxyMetadata: [") is None
    True
    """
    try:
        values = [document.value for document in read_documents(text)]
    except BadDocumentError:
        return None
    value = values[0] if values else {}
    found = read(ProxyConfig, {} if value is None else value) if isinstance(value, dict | None) else ()
    return None if isinstance(found, tuple) else found


def annotation_problems(annotations: Mapping[str, str]) -> Iterator[Problem]:
    """Give a warning for each annotation that the injector cannot read: it refuses the Pod with it.

    >>> [problem.path[-1] for problem in annotation_problems({"proxy.istio.io/config": "proxyMetadata: 1"})]
    ['proxy.istio.io/config']
    """
    unreadable = dict(unreadable_annotations(annotations))
    if PROXY_CONFIG in annotations and proxy_config_of(annotations[PROXY_CONFIG]) is None:
        unreadable[PROXY_CONFIG] = annotations[PROXY_CONFIG]
    for name, text in unreadable.items():
        message = f"{shown(text)} cannot be read, so the injector refuses the Pod; here it counts as absent"
        help = "see Istio's list of annotations for what may stand there"
        yield Problem(("metadata", "annotations", name), message, help, Severity.WARNING, _CODE)
