"""What in a folder is none of the mesh's business, told by its text alone, before anything is parsed.

Nothing is passed over on a guess: a file whose text could hold an object or a mesh configuration is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from meshegress.loading.documents import split_documents
from meshegress.loading.kinds import nearest_kind
from meshegress.loading.meshes import HOLDER_KINDS, MESH_FIELDS
from meshegress.loading.resource_set import GROUPS
from meshegress.loading.summary import LeftOut
from meshegress.resources import ISTIO_KINDS, KINDS
from meshegress.sources import encoding_of

#: What begins the message of a command that failed.
COMPLAINTS = (
    "error: ",
    "Error from server",
    "Error: ",
    "The connection to the server",
    "Unable to connect to the server",
    "No resources found",
    "error validating",
    "bash: ",
    "sh: ",
    "zsh: ",
)
_COMPLAINTS = tuple(one.encode() for one in COMPLAINTS)

_FIRST_KEY = re.compile(rb"(?:\s|#[^\n]*+|---|%[^\n]*+|\{)*+[\"']?([A-Za-z_]\w*+)[\"']?\s*+:")
_OUR_KIND = re.compile(
    rb"kind[\"']?\s*:\s*[\"']?(?i:%s)" % b"|".join(kind.removesuffix("y").encode() for kind in ISTIO_KINDS)
)
_FIELDS = frozenset(name.encode() for name in MESH_FIELDS)


def is_foreign(data: bytes) -> bool:
    """Tell whether a file of *data* holds no object, no mesh configuration and no message that is worth a word.

    >>> is_foreign(b"replicas: 2"), is_foreign(b"kind: List"), is_foreign(b"rootNamespace: a")
    (True, True, False)
    """
    if b"apiVersion" in data or b"meshConfig" in data or b"pilot" in data:
        return False
    if (encoding := encoding_of(data)) != "utf-8":
        return is_foreign(data.decode(encoding, "replace").removeprefix("\ufeff").replace("\0", "").encode("utf-8"))
    if b"kind" in data and _OUR_KIND.search(data):
        return False
    return not data.startswith(_COMPLAINTS) and not _may_be_mesh(data)


def _may_be_mesh(data: bytes) -> bool:
    """Tell whether the first key of a document of *data* is one of the mesh configuration's."""
    first = _FIRST_KEY.match(data)
    if first is not None and first[1] in _FIELDS:
        return True
    return b"\n---" in data and any(_may_be_mesh(part) for part in data.split(b"\n---"))


def reason_of(data: bytes) -> tuple[LeftOut, int]:
    r"""Return why a foreign file of *data* is left out, and how many documents it holds.

    >>> reason_of(b"a: 1\n---\nb: 2\n"), reason_of(b"- a")
    ((<LeftOut.NO_KIND: 'no_kind'>, 2), (<LeftOut.NOT_A_MAPPING: 'not_a_mapping'>, 1))
    """
    count = 1 + data.count(b"\n---")
    if b"ENC[" in data and b"sops" in data:
        return LeftOut.ENCRYPTED, count
    if b"{{" in data and b"${{" not in data:
        return LeftOut.TEMPLATE, count
    start = data[:512].lstrip()
    return (LeftOut.NOT_A_MAPPING if start.startswith((b"- ", b"[")) else LeftOut.NO_KIND), count


_KIND = re.compile(r"^kind:[ ]+([A-Za-z]\w*)[ ]*$", re.MULTILINE)
_VERSION = re.compile(r"^apiVersion:[ ]+[\"']?([a-z0-9][\w./-]*)[\"']?[ ]*$", re.MULTILINE)
_CONTROL = re.compile(r"^[ \t]*\{\{", re.MULTILINE)
#: What must stand in a holder of the mesh configuration that holds one; others hold one in any case.
_MARKS = {
    "ConfigMap": ("mesh",),
    **dict.fromkeys(("HelmRelease", "Application", "ApplicationSet"), ("meshConfig", "pilot")),
}


def other_kind(part: str) -> Mapping[str, Any] | None:
    r"""Return apiVersion and kind of the document *part* where it surely is an object that cannot matter.

    >>> other_kind("apiVersion: apps/v1\nkind: ReplicaSet\nspec: {}\n")
    {'apiVersion': 'apps/v1', 'kind': 'ReplicaSet'}
    >>> other_kind("apiVersion: v1\nkind: Service\n") is other_kind("- kind: ReplicaSet\n") is None
    True
    """
    kind = _KIND.search(part)
    if kind is None or not _cannot_matter_by_kind(kind[1]) or any(mark in part for mark in _MARKS.get(kind[1], ())):
        return None
    version = _VERSION.search(part)
    if version is None or not cannot_matter(version[1], kind[1]):
        return None
    is_twice = _stands_twice("kind:", part) or _stands_twice("apiVersion:", part)
    if is_twice or ("{{" in part and _CONTROL.search(part)):
        return None
    return {"apiVersion": version[1], "kind": kind[1]}


def _stands_twice(key: str, part: str) -> bool:
    return part.count(f"\n{key}") + part.startswith(key) > 1


def other_kinds(text: str) -> list[Mapping[str, Any]] | None:
    r"""Return what :func:`other_kind` does of each document of *text*; None where one of them could matter.

    >>> other_kinds("kind: ReplicaSet\napiVersion: apps/v1\n---\n# nothing\n---\nkind: Service\n") is None
    True
    """
    found: list[Mapping[str, Any]] = []
    for part, _, _ in split_documents(text):
        known = other_kind(part)
        if known is None:
            return None
        found.append(known)
    return found


_MODELLED = frozenset(kind for _, kind in KINDS)


@lru_cache(maxsize=1024)
def _cannot_matter_by_kind(kind: str) -> bool:
    is_holder = kind not in _MARKS and kind in {each for _, each in HOLDER_KINDS}
    return not kind.endswith("List") and kind not in _MODELLED and not is_holder


@lru_cache(maxsize=1024)
def cannot_matter(version: str, kind: str) -> bool:
    """Tell whether objects of *kind* in *version* cannot change a decision."""
    group = version.rpartition("/")[0]
    return (
        (version, kind) not in KINDS
        and ((group, kind) not in HOLDER_KINDS or kind in _MARKS)
        and not any(f".{group}".endswith(f".{each}") for each in GROUPS)
        and group != "kustomize.config.k8s.io"
        and nearest_kind(version, kind) is None
    )
