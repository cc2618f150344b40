"""What ``-f`` may be: a preset, a format, ``@FILE`` with one, ``mesh:FILE`` with a mesh configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from meshegress import AccessLogFormat, LogFormatError
from meshegress.accesslog.formats.meshconfig import mesh_formats

#: What Istio would configure, and what Kuma fills in.
_FORMATTERS = ("envoy.formatter.req_without_query", "kuma")
_ESCAPES = {"\\n": "\n", "\\t": "\t"}


def formats_of(text: str, *, omit_empty_values: bool = False) -> tuple[AccessLogFormat, ...]:
    """Return the formats that *text* names or is; ``mesh:FILE`` may give several.

    Raises LogFormatError for what is not a format, OSError for a file that cannot be read.
    """
    if text.startswith("mesh:"):
        return _of_mesh(Path(text.removeprefix("mesh:")))
    if text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8").rstrip("\n")
    return (compile_format(text, omit_empty_values=omit_empty_values),)


def compile_format(text: str, *, omit_empty_values: bool = False) -> AccessLogFormat:
    r"""Return the format that *text* is: the name of a preset, a JSON object, or a text format.

    ``\n`` and ``\t`` may be written as two characters, as they stand in a configuration. A text format without a
    newline at its end gets one, as Istio gives it.
    """
    if "%" not in text and "{" not in text:
        return AccessLogFormat.preset(text, omit_empty_values=omit_empty_values)
    if text.lstrip().startswith("{"):
        try:
            mapping = json.loads(text)
        except ValueError:
            mapping = None  # a text format may start with a brace, too
        if isinstance(mapping, dict):
            return AccessLogFormat.json(mapping, omit_empty_values=omit_empty_values, formatters=_FORMATTERS)
    text = re.sub(r"\\[nt]", lambda match: _ESCAPES[match[0]], text)
    text = text if text.endswith("\n") else f"{text}\n"
    return AccessLogFormat(text, omit_empty_values=omit_empty_values, formatters=_FORMATTERS)


def _of_mesh(path: Path) -> tuple[AccessLogFormat, ...]:
    try:
        documents = [one for one in yaml.safe_load_all(path.read_bytes()) if isinstance(one, dict)]
    except yaml.YAMLError as error:
        raise LogFormatError(str(path), 0, len(str(path)), f"the file is not YAML: {error}") from None
    meshes = list(_meshes(documents))
    telemetries = [one["spec"] for one in documents if one.get("kind") == "Telemetry" and isinstance(one["spec"], dict)]
    if not meshes:
        raise LogFormatError(str(path), 0, len(str(path)), "the file has no mesh configuration")
    return mesh_formats(meshes[0], telemetries)


# Where each kind of document has the mesh configuration.
_PLACES = (("spec", "meshConfig"), ("spec", "values", "meshConfig"), ("meshConfig",), ("data", "mesh"))


def _meshes(documents: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Yield the mesh configurations: of a ConfigMap, an IstioOperator, an Istio, Helm values, or the file itself."""
    for document in documents:
        held = [value for place in _PLACES if (value := _at(document, place)) is not None]
        if not held and "kind" not in document:
            held = [document]
        for value in held:
            mesh = yaml.safe_load(value) if isinstance(value, str) else value
            if isinstance(mesh, dict):
                yield mesh


def _at(document: object, place: tuple[str, ...]) -> object:
    for key in place:
        document = document.get(key) if isinstance(document, dict) else None
    return document
