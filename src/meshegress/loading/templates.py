"""Text that waits to be rendered, decrypted or built: what stands there is not what the cluster will have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshegress.resources import ISTIO_KINDS, KUBERNETES_KINDS

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\$\{[A-Za-z_][^}]*\}|\$[A-Z][A-Z0-9_]+\b|\$\([A-Za-z_]\w*\)|###\w[\w.-]*###", re.DOTALL
)
#: Without quotes such a placeholder is a comment to YAML: what it stands for is missing.
_COMMENTED = re.compile(r"###\w[\w.-]*###|#@ ")
#: Fields whose text has a `$` of its own.
_PATTERNS = frozenset({"regex", "annotations"})
_ENCRYPTED = "ENC["


def may_hold_placeholders(text: str) -> bool:
    """Tell whether *text* may be a template; most are told at once that they are not.

    >>> may_hold_placeholders("host: '{{ .Values.host }}'"), may_hold_placeholders("host: a.com")
    (True, False)
    """
    if "$" in text or "{{" in text:
        return True
    # One character is looked for at the speed of memory, two are not.
    return ("#" in text and ("###" in text or "#@" in text)) or ("%" in text and "{%" in text)


def is_template(document: Mapping[str, Any], text: str = "") -> bool:
    """Tell whether the object *document*, whose *text* is given where it stands alone there, is yet to be rendered.

    Only what is modelled counts: a Pod's command has dollars of its own.

    >>> is_template({"kind": "ServiceEntry", "spec": {"hosts": ["${HOST}"]}})
    True
    >>> is_template({"kind": "Pod", "spec": {"containers": [{"args": ["$(HOST)"]}]}})
    False
    """
    kind = document.get("kind")
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping):
        metadata = {key: metadata.get(key) for key in ("name", "namespace", "labels")}
    if _holds_placeholder(metadata):
        return True
    if kind not in _LOOKED_INTO:
        return False
    return any(_holds_placeholder(value) for key, value in document.items() if key != "metadata") or (
        _commented_placeholder(text) is not None
    )


_LOOKED_INTO = frozenset({*ISTIO_KINDS, *(kind for _, kind in KUBERNETES_KINDS)} - {"Pod"})


def _holds_placeholder(value: Any) -> bool:
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    if isinstance(value, Mapping):
        return any(
            (key not in _PATTERNS and _holds_placeholder(held)) or (isinstance(key, str) and "{{" in key)
            for key, held in value.items()
        )
    return isinstance(value, (list, tuple)) and any(_holds_placeholder(held) for held in value)


def holds_placeholder(value: Any) -> bool:
    """Tell whether *value* or anything in it is yet to be rendered."""
    return _holds_placeholder(value)


def is_encrypted(value: Any) -> bool:
    """Tell whether *value* or anything in it is a text that SOPS has encrypted.

    >>> is_encrypted({"spec": {"hosts": ["ENC[AES256_GCM,data:Zm9v,iv:eA==,tag:eQ==,type:str]"]}})
    True
    """
    if isinstance(value, str):
        return value.startswith(_ENCRYPTED) and value.endswith("]")
    if isinstance(value, Mapping):
        return any(is_encrypted(held) for held in value.values())
    return isinstance(value, (list, tuple)) and any(is_encrypted(held) for held in value)


def _commented_placeholder(text: str) -> int | None:
    """Return where in *text* a placeholder stands in the place of a value, and is a comment to YAML."""
    for match in _COMMENTED.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        if before and "#" not in before and (match[0] != "#@ " or before.endswith(":")):
            return match.start()
    return None


def template_line(text: str) -> tuple[int, int] | None:
    r"""Return line and column, from 0, of the first thing in *text* that is yet to be rendered.

    >>> template_line("a: 1\nb: {{ .Values.b }}")
    (1, 3)
    """
    found = [place for mark in ("{{", "{%") if (place := text.find(mark)) >= 0]
    if not found:
        commented = _commented_placeholder(text)
        found = [] if commented is None else [commented]
    if not found:
        return None
    place = min(found)
    return text.count("\n", 0, place), place - (text.rfind("\n", 0, place) + 1)
