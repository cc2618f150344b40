"""Sources to resources: every text is split into documents, each is taken, and every problem is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meshegress.findings import Finding, Severity, Source
from meshegress.loading.complaints import complaint_in, complaints_above
from meshegress.loading.documents import (
    DEPTH_LIMIT,
    AliasBudget,
    BadDocumentError,
    Document,
    measure,
    read_documents,
    split_documents,
)
from meshegress.loading.foreign import other_kind, other_kinds
from meshegress.loading.intake import TEMPLATE, Intake
from meshegress.loading.json_text import joined_surrogates, read_json
from meshegress.loading.left_out import LeftOutDocuments
from meshegress.loading.mesh_loading import MeshConfigs
from meshegress.loading.namespaces import unknown_namespaces
from meshegress.loading.objects import ObjectReader
from meshegress.loading.places import FixedPlace, TextPlace
from meshegress.loading.plain_yaml import read_stream
from meshegress.loading.report import Report, source_of
from meshegress.loading.resource_set import ResourceSet
from meshegress.loading.summary import LeftOut, LoadSummary
from meshegress.loading.templates import may_hold_placeholders, template_line
from meshegress.loading.versions import report_versions
from meshegress.profiles import Profile
from meshegress.resources import MeshConfig, Resource
from meshegress.resources._message import FrozenMap
from meshegress.rules import Problem
from meshegress.sources import EndOfSource, Opened, PassedOver, Text, Value

VALUE_LIMIT = 10_000_000

#: Errors of these codes leave nobody knowing what was not read.
_BLOCKING = frozenset({"EG002", "EG007", "EG008"})
_COMPLETE = "# meshegress: complete"
_COMPLETE_LINE = re.compile(rf"^{_COMPLETE}\s*$", re.MULTILINE)


class ResourceLoader:
    """Takes opened sources one after the other, and keeps what is usable and all there is to say.

    Without a *validation* objects are only read, and none is judged. *is_strict* makes an error of whatever is left
    out, and of fields that do not exist. *revision* chooses among mesh configurations.
    """

    def __init__(
        self,
        *,
        namespace: str,
        profile: Profile,
        validation: str | None,
        is_strict: bool = False,
        revision: str | None = None,
    ) -> None:
        self.report = Report()
        self.meshes = MeshConfigs(self.report, profile, revision=revision, is_strict=is_strict)
        self._left_out = LeftOutDocuments(self.report, strict=is_strict)
        objects = ObjectReader(
            namespace=namespace, profile=profile, validation=validation, report=self.report, is_strict=is_strict
        )
        self._intake = Intake(objects, self.meshes, self._left_out)
        self._is_strict = is_strict
        self._is_complete = False
        self._is_partial = False
        self._files = 0
        self._start = (0, 0, 0)

    def add(self, opened: Opened) -> None:
        """Take one opened source, or the finding in its stead."""
        usable, self._intake.is_complete = self._intake.usable, False
        self._add(opened)
        if self._intake.is_complete or (isinstance(opened, Text) and _is_marked(opened.text)):
            self._is_complete = True
        elif self._intake.usable > usable:
            self._is_partial = True

    def _add(self, opened: Opened) -> None:
        if isinstance(opened, Finding):
            self.report.add(opened)
        elif isinstance(opened, Text):
            self._files += opened.is_file
            self._add_text(opened)
        elif isinstance(opened, PassedOver):
            self._files += 1
            self._intake.documents += self._left_out.passed(opened)
        elif isinstance(opened, EndOfSource):
            self._end(opened)
        else:
            self._add_value(opened)

    def resource_set(self, *, is_complete: bool = False) -> ResourceSet:
        """Return what is usable of all that was added, once what only shows in the whole is said."""
        kept = self._intake.kept
        kinds: dict[str, Any] = kept.fields() | self.meshes.settle()
        duplicates = kept.duplicates()
        report_versions(duplicates, self.report)
        found = ResourceSet(
            **kinds,
            skipped=FrozenMap(dict(self._intake.skipped)),
            unsupported=tuple(self._intake.unsupported),
            pod_templates=tuple(self._intake.pod_templates),
            refused=(*kept.refused, *self.meshes.refused),
            duplicates=duplicates,
            is_complete=is_complete or self._is_complete,
            is_laid_over=self._is_complete and self._is_partial and not is_complete,
        )
        for resource, problem in unknown_namespaces(found):
            self.report.of(resource, problem)
        is_useless = self._is_strict or not self._intake.usable
        self._intake.kustomizations.report(self.report, Severity.ERROR if is_useless else Severity.INFO)
        return replace(found, summary=self._summary())

    def _summary(self) -> LoadSummary:
        kept, left_out = self._intake.kept, dict(self._left_out.counts)
        if refused := len(kept.refused) + len(self.meshes.refused):
            left_out[LeftOut.REFUSED] = refused
        errors = [finding for finding in self.report.findings if finding.severity is Severity.ERROR]
        blocking = [finding for finding in errors if self._is_strict or finding.code in _BLOCKING]
        return LoadSummary(
            documents=self._intake.documents,
            files=self._files,
            kept={**kept.counts(), "mesh configuration": self.meshes.count},
            other_kinds=self._intake.skipped.total() + len(self._intake.unsupported),
            copies=kept.copies,
            left_out=left_out,
            blockers=tuple(dict.fromkeys([*self.report.blockers, *blocking])),
            moves=self._intake.kustomizations.moves(),
        )

    def _end(self, ended: EndOfSource) -> None:
        """Settle what the source that ends here has left out: where nothing of it is usable, that is an error."""
        findings, usable, documents = self._start
        is_usable = ended.is_folder or self._intake.usable > usable
        self._left_out.close(is_usable=is_usable)
        errors = [one for one in self.report.findings[findings:] if one.severity is Severity.ERROR]
        if is_usable:
            errors = [one for one in errors if one.where.file == ended.name and ended.is_folder]
        elif ended.is_file and not errors and self._intake.documents == documents:
            self.report.add(Finding("EG001", Source(ended.name), "this holds nothing", help="is it the right file?"))
            errors = self.report.findings[-1:]
        self.report.blockers += errors
        self._start = (len(self.report.findings), self._intake.usable, self._intake.documents)

    def _add_text(self, text: Text) -> None:
        others = other_kinds(text.text) if text.is_file else None
        if others is not None:
            self._intake.count_others(others, text.name, text.text)
            return
        text = self._without_complaints(text)
        plain = read_json(text.text)
        if plain is not None:
            self._take(plain, text, is_suspect=may_hold_placeholders(text.text))
            return
        text = replace(text, text=joined_surrogates(text.text))
        is_suspect = may_hold_placeholders(text.text)
        budget = AliasBudget.of(text.text)
        end = 0
        try:
            for each in read_stream(text.text, budget, known=other_kind):
                end = each.end
                self._take(each, text, is_suspect=is_suspect)
        except BadDocumentError:
            self._add_broken_text(text, end, budget)

    def _take(self, document: Document, text: Text, *, is_suspect: bool) -> None:
        place = TextPlace(text.name, text.text, document.start, document.end, document.line)
        own = text.text[document.start : document.end] if is_suspect else ""
        self._intake.take(document.value, place, text.name, own)

    def _without_complaints(self, text: Text) -> Text:
        """Return *text* without the messages of a command above it, each of which is said."""
        lines = complaints_above(text.text)
        for number, line in enumerate(lines, 1):
            if (problem := complaint_in(line)) is not None:
                self.report.at(FixedPlace(Source(text.name, number, 1)), problem)
        return replace(text, text="\n" * len(lines) + text.text[sum(len(line) + 1 for line in lines) :])

    def _add_broken_text(self, text: Text, begin: int, budget: AliasBudget) -> None:
        """Take the documents of *text* from *begin* one by one, where one of them cannot be read."""
        above = text.text.count("\n", 0, begin)
        is_suspect = may_hold_placeholders(text.text)
        for part, start, line in split_documents(text.text[begin:]):
            start, line = begin + start, above + line
            known = other_kind(part)
            if known is not None:
                self._take(Document(known, start, start + len(part), line), text, is_suspect=False)
                continue
            try:
                for each in read_documents(part, budget):
                    moved = Document(each.value, start + each.start, start + each.end, line + each.line)
                    self._take(moved, text, is_suspect=is_suspect)
            except BadDocumentError as error:
                self._take_broken(text, part, line, error, is_last=start + len(part) == len(text.text))

    def _take_broken(self, text: Text, part: str, line: int, error: BadDocumentError, *, is_last: bool) -> None:
        """Say of a document that is not YAML what it is instead, or what is wrong with it."""
        template = template_line(part) if error.is_syntax else None
        if template is None and error.is_syntax and "{{" in text.text:
            template = (error.line or 0, error.column or 0)
        if template is not None:
            place = FixedPlace(Source(text.name, line + template[0] + 1, template[1] + 1))
            self._intake.leave_out(LeftOut.TEMPLATE, text.name, place, TEMPLATE)
            return
        problem = Problem((), error.message, error.help, code="EG004")
        place = FixedPlace(source_of(text.name, line, error))
        if is_last and error.is_at_end and text.is_file and (text.name == "<stdin>" or not text.text.endswith("\n")):
            help = "was the command cut off? run it again"
            self.report.at(place, Problem((), "the text ends in the middle of a document", help, code="EG008"))
        elif self._intake.kustomizations.patched_by(text.name) is not None:
            self._intake.take(part, place, text.name)
        elif "apiVersion" not in text.text:
            self._intake.leave_out(LeftOut.NOT_YAML, text.name, place, problem)
        else:
            self.report.at(place, problem)

    def _add_value(self, value: Value) -> None:
        place = FixedPlace(Source(value.name))
        if isinstance(value.value, MeshConfig):
            self.meshes.keep(value.value)
        elif isinstance(value.value, Resource):
            self._intake.keep(value.value, place)
        elif _is_reasonable(value.value):
            self._intake.take(value.value, place, value.name)
        else:
            message = f"nesting is deeper than {DEPTH_LIMIT}, or turns in a circle"
            self.report.at(place, Problem((), message, code="EG004"))


def _is_marked(text: str) -> bool:
    return _COMPLETE in text and _COMPLETE_LINE.search(text) is not None


def _is_reasonable(value: Mapping[str, Any]) -> bool:
    """Tell whether *value* ends: it is not too deep, does not turn in a circle, and does not multiply itself."""
    size = measure(value, {})
    return size.height <= DEPTH_LIMIT and size.total <= VALUE_LIMIT
