"""What is left out of a source: kept until the source ends, when it is known whether it is an error or foreign.

In a folder, or beside something usable, it is counted and said once for a kind; alone in a source it is an error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from meshegress.findings import Severity, Source
from meshegress.loading.foreign import reason_of
from meshegress.loading.places import FixedPlace, Place
from meshegress.loading.report import Report
from meshegress.loading.summary import LeftOut
from meshegress.rules.problem import Problem
from meshegress.sources import PassedOver


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A document that is left out, and what is to be said of it if it is an error."""

    reason: LeftOut
    file: str
    place: Place
    problem: Problem
    subject: str
    count: int = 1


#: The code of each reason, and what is said of a file that was told by its bytes.
_SAID: dict[LeftOut, tuple[str, str]] = {
    LeftOut.TEMPLATE: ("EG005", "a template: render it first"),
    LeftOut.NO_KIND: ("EG103", "this object has no kind"),
    LeftOut.NOT_A_MAPPING: ("EG102", "this is not an object"),
    LeftOut.ENCRYPTED: ("EG006", "encrypted by SOPS: decrypt it first"),
}
_SEVERAL: dict[LeftOut, str] = {
    LeftOut.TEMPLATE: "a template, the first of {count:,} in {folder}: render them first",
    LeftOut.NO_KIND: "an object without a kind, the first of {count:,} that are left out",
    LeftOut.NOT_A_MAPPING: "a list or plain text, the first of {count:,} that are left out",
    LeftOut.NOT_YAML: "this is not YAML, the first of {count:,} documents that are left out",
    LeftOut.ENCRYPTED: "encrypted by SOPS, the first of {count:,} documents in {folder}: decrypt them first",
    LeftOut.PATCH: "a patch of a kustomization and not an object, the first of {count:,}",
}
#: These are said for each folder, since that is where the cure is applied.
_BY_FOLDER = frozenset({LeftOut.TEMPLATE, LeftOut.ENCRYPTED})


class LeftOutDocuments:
    """The documents that are left out; *strict* makes each of them an error."""

    def __init__(self, report: Report, *, strict: bool) -> None:
        self.counts: Counter[LeftOut] = Counter()
        self._report = report
        self._strict = strict
        self._waiting: list[_Waiting] = []
        self._passed: defaultdict[LeftOut, list[tuple[str, int]]] = defaultdict(list)

    def add(self, reason: LeftOut, file: str, place: Place, problem: Problem, subject: str = "") -> None:
        """Keep the document of *file* at *place*, of which *problem* is to be said."""
        self.counts[reason] += 1
        self._waiting.append(_Waiting(reason, file, place, problem, subject))

    def passed(self, passed: PassedOver) -> int:
        """Keep a file that was told by its bytes, and return how many documents it holds."""
        reason, count = reason_of(passed.data)
        self._passed[reason].append((passed.name, count))
        return count

    def close(self, *, is_usable: bool) -> None:
        """Say what there is to say of the source that ends here."""
        waiting, self._waiting = [*self._waiting, *self._of_passed(each=self._strict)], []
        if self._strict or not is_usable:
            for each in waiting:
                self._report.at(each.place, each.problem, each.subject)
            return
        groups: dict[tuple[LeftOut, str], list[_Waiting]] = {}
        for each in waiting:
            folder = str(PurePath(each.file).parent) if each.reason in _BY_FOLDER else ""
            groups.setdefault((each.reason, folder), []).append(each)
        for (reason, folder), group in groups.items():
            self._say_once(reason, folder, group)

    def _of_passed(self, *, each: bool) -> Iterator[_Waiting]:
        """Give the files that were passed over: *each* of them, or one for all of a reason that are said together."""
        for reason, files in self._passed.items():
            self.counts[reason] += sum(count for _, count in files)
            code, message = _SAID[reason]
            problem = Problem((), message, code=code)
            if not each and reason not in _BY_FOLDER:
                files = [(files[0][0], sum(count for _, count in files))]
            for name, count in files:
                yield _Waiting(reason, name, FixedPlace(Source(name)), problem, "", count)
        self._passed.clear()

    def _say_once(self, reason: LeftOut, folder: str, group: list[_Waiting]) -> None:
        first = group[0]
        count = sum(each.count for each in group)
        message = first.problem.message
        if count > 1 and reason in _SEVERAL:
            where = f"`{folder}`" if len({each.file for each in group}) > 1 else "this file"
            message = _SEVERAL[reason].format(count=count, folder=where)
        problem = Problem(first.problem.path, message, first.problem.help, Severity.INFO, first.problem.code)
        self._report.at(first.place, problem, first.subject if count == 1 else "")
