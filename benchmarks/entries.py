"""ServiceEntries as text: the short ones that people write, and the long ones that ``kubectl get`` prints."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import yaml

from benchmarks.hosts import internet_host

Document = Mapping[str, Any]


def short_entries(count: int) -> list[Document]:
    """Return *count* entries as people write them, about 300 bytes of YAML each."""
    rng = random.Random("entries")
    return [_entry(rng, number) for number in range(count)]


def printed_entries(count: int) -> list[Document]:
    """Return *count* entries as an API server gives them: with managedFields, the last applied text and a status."""
    return [_printed(entry, number) for number, entry in enumerate(short_entries(count))]


def as_yaml(documents: list[Document]) -> str:
    """Return *documents* as a stream of YAML."""
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)


def kubectl_yaml(documents: list[Document]) -> str:
    """Return *documents* as ``kubectl get -o yaml`` prints each: no line is folded, and texts of lines are blocks."""
    return yaml.dump_all(documents, Dumper=_Kubectl, sort_keys=False, width=1 << 30)


class _Kubectl(yaml.CSafeDumper):
    """Writes as Go's YAML does."""


_Kubectl.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def as_list(documents: list[Document]) -> Document:
    """Return *documents* as the one object that ``kubectl get`` prints."""
    return {"apiVersion": "v1", "items": list(documents), "kind": "List", "metadata": {"resourceVersion": ""}}


def as_json(documents: list[Document]) -> str:
    """Return *documents* as ``kubectl get -o json`` prints them."""
    return json.dumps(as_list(documents), indent=4)


def _entry(rng: random.Random, number: int) -> Document:
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}, {"number": 443, "name": "tls", "protocol": "TLS"}]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": f"entry-{number}", "namespace": f"team-{number % 50}"},
        "spec": {
            "hosts": [f"h{number}.{internet_host(rng)}"],
            "location": "MESH_EXTERNAL",
            "ports": ports if number % 2 else ports[1:],
            "resolution": "DNS" if number % 3 else "NONE",
        },
    }


def _printed(entry: Document, number: int) -> Document:
    name, namespace = entry["metadata"]["name"], entry["metadata"]["namespace"]
    fields = {".": {}, "f:hosts": {}, "f:location": {}, "f:ports": {}, "f:resolution": {}}
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    managed = {
        "apiVersion": "networking.istio.io/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:annotations": {".": {}, f"f:{applied}": {}}, "f:labels": {".": {}, "f:team": {}}},
            "f:spec": fields,
        },
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "time": "2024-03-01T09:00:00Z",
    }
    stamp = f"2024-03-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00Z"
    metadata = {
        "annotations": {applied: json.dumps(entry, separators=(",", ":")) + "\n"},
        "creationTimestamp": stamp,
        "generation": 1,
        "labels": {"team": f"team-{number % 50}"},
        "managedFields": [managed],
        "name": name,
        "namespace": namespace,
        "resourceVersion": str(1000 + number),
        "uid": f"00000000-0000-4000-8000-{number:012}",
    }
    return {**entry, "metadata": metadata, "status": {}}
