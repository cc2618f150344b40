"""What ended a command without an answer: the message or JSON document for it, and the exit code.

It imports nothing that an installation could lack, since it has to say so.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

import meshegress
from meshegress.cli.exits import BAD_INPUT, INTERNAL, UsageError
from meshegress.cli.streams import complain

CODES: tuple[tuple[type[Exception], str], ...] = (
    (UsageError, "usage"),
    (meshegress.ResourceError, "resources"),
    (meshegress.RequestError, "request"),
    (meshegress.LogFormatError, "log_format"),
    (meshegress.LogParseError, "log_line"),
    (meshegress.MissingExtraError, "missing_extra"),
    (meshegress.MeshEgressError, "input"),
    (MemoryError, "memory"),
    (OSError, "file"),
    (ImportError, "installation"),
)
"""What a user can do something about, the narrowest first, and its word in JSON; all else is an internal error."""

SHOWN_FRAMES = 6
SHOWN_VALUE = 1000


def report(error: Exception, *, as_json: bool) -> int:
    """Write what there is to say of *error* to standard error, and return the exit code."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), "internal")
    message = _internal(error) if code == "internal" else _message(error)
    if as_json:
        complain(json.dumps({"error": error_as_dict(code, message, _findings(error))}))
    else:
        usage = error.usage if isinstance(error, UsageError) else ""
        complain(f"{usage}meshegress: {message}")
    return INTERNAL if code == "internal" else BAD_INPUT


def finding_as_dict(finding: meshegress.Finding) -> dict[str, Any]:
    """Return *finding* as JSON-ready values."""
    where = finding.where
    more = _evidence(finding) if isinstance(finding, meshegress.MeshFinding) else {}
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "subject": finding.subject,
        "field": finding.field,
        "message": finding.message,
        "help": finding.cure,
        **more,
    }


def _evidence(finding: meshegress.MeshFinding) -> dict[str, Any]:
    """Return what a finding about a mesh has beyond others: whom it hurts, and the request that shows it."""
    witness, before, after = finding.witness, finding.before, finding.after
    shown = None
    if witness is not None and before is not None and after is not None:
        shown = {"request": witness.as_dict(), "before": before.as_dict(), "after": after.as_dict()}
    return {
        "victims": list(finding.victims),
        "aliases": list(finding.aliases),
        "url": finding.url,
        "workloads": sorted({workload.namespace for workload in finding.workloads}),
        "witness": shown,
    }


def error_as_dict(code: str, message: str, findings: Iterable[meshegress.Finding] = ()) -> dict[str, Any]:
    """Return an error as JSON-ready values."""
    return {"code": code, "message": message, "findings": [finding_as_dict(finding) for finding in findings]}


def _message(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory: load less at once, or set `--limit`"
    if isinstance(error, meshegress.RequestError) and len(str(error.value)) > SHOWN_VALUE:
        return f"`{str(error.value)[:SHOWN_VALUE]}...`: {error.reason}"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, meshegress.MeshEgressError):
        reason = error.strerror[:1].lower() + error.strerror[1:]
        return f"{os.fsdecode(error.filename)}: {reason}" if isinstance(error.filename, (str, bytes)) else reason
    return str(error)


def _findings(error: Exception) -> Sequence[meshegress.Finding]:
    return error.findings if isinstance(error, meshegress.ResourceError) else ()


def _internal(error: Exception) -> str:
    """Return what to report: the error, where it came from, and what ran."""
    frames = traceback.extract_tb(error.__traceback__)[-SHOWN_FRAMES:]
    places = " < ".join(f"{_file(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    release = f"meshegress {meshegress.__version__} ({meshegress.IMPLEMENTATION})"
    return (
        f"internal error: {type(error).__name__}: {error}\n"
        f"  at {places}\n"
        f"  in {release}, Python {platform.python_version()} on {sys.platform}\n"
        "  This is a fault of meshegress, not of your input: please report these lines, the command, and the smallest "
        "input that shows it."
    )


def _file(path: str) -> str:
    """Return the end of *path*, from the package on, so that a report names no folder of the user's."""
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[parts.index("meshegress") :]) if "meshegress" in parts[:-1] else parts[-1]
