"""One comparison of the library with a recorded answer, and the record that could not be compared."""

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

    def __str__(self) -> str:
        return "\n".join([f"{self.id}  {self.note}".rstrip(), *_differences(self.expected, self.got)])


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that was left out as a whole, with the reason and the number of checks in it."""

    id: str
    reason: str
    checks: int

    def __str__(self) -> str:
        return f"{self.id}  skipped: {self.reason}"


def _differences(expected: object, got: object) -> list[str]:
    """Return the lines that show *expected* beside *got*: of two mappings only the keys that differ."""
    if not (isinstance(expected, dict) and isinstance(got, dict)):
        return [f"    expected {expected!r}", f"    got      {got!r}"]
    keys = [key for key in {**expected, **got} if expected.get(key, "(absent)") != got.get(key, "(absent)")]
    width = max((len(str(key)) for key in keys), default=0)
    return [
        f"    {key:<{width}}  expected {expected.get(key, '(absent)')!r}  got {got.get(key, '(absent)')!r}"
        for key in keys
    ]
