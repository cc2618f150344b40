"""One comparison of the library with a recorded answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was expected of *id*, and what the library said; both are plain JSON values.

    *id* names the check in full: ``world@istio/call``, ``world@istio/objects[3]``, ``line@parse``. *note* is free text
    for a reader, such as the note of a call or why the library could not answer.

    >>> Check("s001@1.30/c1", passed=True, expected="a", got="a").id
    's001@1.30/c1'
    """

    id: str
    passed: bool
    expected: object
    got: object
    note: str = ""
