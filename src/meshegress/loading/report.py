"""What loading has to say: findings with their places, in one list, in one manner."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from meshegress.findings import Finding, Severity, Source
from meshegress.loading.documents import BadDocumentError
from meshegress.loading.places import Place
from meshegress.resources import KUBERNETES_KINDS, MeshConfig, Resource
from meshegress.resources._message import Message, wire_name
from meshegress.resources.reading import ShapeProblem
from meshegress.resources.shape import field_path
from meshegress.resources.substitutions import is_inside
from meshegress.resources.support_gaps import limits, value_at
from meshegress.rules import RULES
from meshegress.rules.problem import Problem

Path = tuple[str | int, ...]


_NOT_FOLLOWED = {
    "unsupported": ("EG302", "this field is not modelled: decisions that it touches are approximate"),
    "unknown": ("EG303", "no such field: Istio ignores it"),
    "overruled": ("EG304", "a later field excludes this one: it is ignored"),
}


_OF_KUBERNETES = frozenset(KUBERNETES_KINDS.values())


class Report:
    """The findings so far."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.blockers: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Keep a finding that is made already."""
        self.findings.append(finding)

    def block(self, finding: Finding) -> None:
        """Keep a finding that no answer may pass over."""
        self.add(finding)
        self.blockers.append(finding)

    def at(self, place: Place, problem: Problem, subject: str = "") -> None:
        """Keep a *problem* of the object at *place*."""
        self._keep(problem, place.find(problem.path), subject)

    def of(self, message: Message, problem: Problem) -> None:
        """Keep a *problem* of a *message* that was read."""
        subject = message.subject if isinstance(message, Resource) else type(message).__name__
        self._keep(problem, message.source(*problem.path), subject)

    def _keep(self, problem: Problem, where: Source, subject: str) -> None:
        field, severity = field_path(problem.path), problem.severity
        self.add(Finding(problem.code, where, problem.message, severity, subject, field, problem.help))

    def malformed(self, problems: tuple[ShapeProblem, ...], place: Place, subject: str) -> None:
        """Keep a finding for each value of the wrong shape."""
        for problem in problems:
            self.at(place, Problem(problem.path, problem.message, problem.help, code="EG101"), subject)

    def newer(self, paths: Iterable[Path], place: Place, subject: str, release: str) -> None:
        """Keep a finding for each field that Istio *release* does not have, so that it does not mind what it holds."""
        message = f"Istio {release} has no such field: it ignores it"
        for path in paths:
            self.at(place, Problem(path, message, severity=Severity.WARNING, code="EG303"), subject)

    def unreadable(self, name: str, line: int, error: BadDocumentError) -> None:
        """Keep the finding for a document, beginning in *line*, that is not YAML."""
        self.add(Finding("EG004", source_of(name, line, error), error.message, help=error.help))


def source_of(name: str, line: int, error: BadDocumentError) -> Source:
    """Return the place of *error* in the document of *name* that begins in *line*."""
    return Source(name) if error.line is None else Source(name, line + error.line + 1, (error.column or 0) + 1)


def problems_of_limits(message: Resource | MeshConfig) -> Iterator[Problem]:
    """Give a warning for each field of *message* that is not modelled, or not known at all."""
    for path, reason in limits(message):
        if reason == "unknown" and len(path) == 1 and type(message) in RULES:
            continue  # Istio does not ignore these: a rule refuses them.
        code, sentence = _NOT_FOLLOWED[reason]
        if reason == "unknown" and (path[0] == "metadata" or type(message) in _OF_KUBERNETES):
            sentence = "no such field: the API server drops it"
        help = _nearest(message, path) if reason == "unknown" else ""
        yield Problem(path, sentence, help, Severity.WARNING, code)


def outside(unreadable_paths: Sequence[Path], problems: Iterable[Problem]) -> Iterator[Problem]:
    """Give the *problems* of what can be read: those that are not about the values at *unreadable_paths*."""
    return (one for one in problems if not any(is_inside(one.path, hole) for hole in unreadable_paths))


def subject_of(value: Mapping[str, Any]) -> str:
    """Return what findings call an object that has no model.

    >>> subject_of({"kind": "Pod", "metadata": {"name": "a"}})
    'Pod `a`'
    """
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    parts = [part for part in (metadata.get("namespace"), metadata.get("name")) if isinstance(part, str) and part]
    return f"{value.get('kind')} `{'/'.join(parts)}`"


def _nearest(message: Message, path: Path) -> str:
    """Return a hint at the field that was meant."""
    holder: Message = value_at(message, path[:-1])
    return _nearest_field(type(holder), str(path[-1]))


@lru_cache(maxsize=256)
def _nearest_field(model: type[Message], name: str) -> str:
    names = [*(wire_name(field) for field in model.model_fields), *sorted(model.OTHERS_KNOWN)]
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean `{near[0]}`?" if near else ""
