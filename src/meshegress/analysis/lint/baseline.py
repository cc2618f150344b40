"""A baseline: the findings that were there when it was written, so that only new ones are told.

A finding is recognized by its code, its resource and the field, not by its line or its words. Several alike count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from meshegress.analysis.lint.finding import MeshFinding

SCHEMA_VERSION = 1


class BaselineError(ValueError):
    """The text is not a baseline."""


def written(findings: Iterable[MeshFinding]) -> str:
    r"""Return the baseline of *findings*, the same text for the same ones.

    >>> written([])
    '{\n  "schema_version": 1,\n  "findings": []\n}\n'
    """
    rows = sorted({"code": one.code, "subject": one.subject, "field": one.field}.items() for one in findings)
    document = {"schema_version": SCHEMA_VERSION, "findings": [dict(row) for row in rows]}
    return json.dumps(document, indent=2) + "\n"


def without_known(findings: Iterable[MeshFinding], baseline: str) -> tuple[list[MeshFinding], int, int]:
    """Return the *findings* that are not in *baseline*, how many are, and how many of it are gone.

    Raises BaselineError where *baseline* is not one.
    """
    known = _read(baseline)
    fresh = []
    total = known.total()
    for one in findings:
        if known[one.fingerprint] > 0:
            known[one.fingerprint] -= 1
        else:
            fresh.append(one)
    gone = known.total()
    return fresh, total - gone, gone


def _read(text: str) -> Counter[str]:
    try:
        document = json.loads(text)
        rows = document["findings"]
        if document["schema_version"] != SCHEMA_VERSION:
            raise BaselineError(f"schema_version is {document['schema_version']}, and {SCHEMA_VERSION} can be read")
        return Counter(" ".join((row["code"], row["subject"], row["field"])).strip() for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError("it has no `schema_version` and `findings` as `--write-baseline` writes them") from None
