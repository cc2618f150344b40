"""One comparison of the library with a recorded answer, how it is judged, and the record that could not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was expected of *id*, and what the library said; both are plain JSON values.

    *id* names the check in full: ``world@istio/call``, ``world@istio/objects[3]``, ``line@parse``. *note* is free text
    for a reader, such as the note of a call or why the library could not answer. A check that passed *is_open*
    where the library has candidates and the one answer that was recorded is among them.

    >>> Check("s001@1.30/c1", passed=True, expected="a", got="a").id
    's001@1.30/c1'
    """

    id: str
    passed: bool
    expected: object
    got: object
    note: str = ""
    is_open: bool = False

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


def judge(id: str, recorded: Sequence[object], candidates: Sequence[object], *, note: str = "") -> Check:
    """Return the check of all answers that were *recorded* against all that the library holds possible.

    >>> judge("w@1.30/c", ["a"], ["a", "b"]).is_open
    True
    >>> judge("w@1.30/c", ["a", "b"], ["a"]).passed
    False
    """
    candidates = [answer for number, answer in enumerate(candidates) if answer not in candidates[:number]]
    passed = all(answer in candidates for answer in recorded)
    is_open = passed and len(recorded) == 1 and len(candidates) > 1
    return Check(id, passed, _alone(recorded), _alone(candidates), note, is_open)


def _alone(answers: Sequence[object]) -> object:
    return answers[0] if len(answers) == 1 else list(answers)


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
