"""The mesh configurations of all sources: read, judged, and one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from meshegress.findings import Finding, Severity, Source
from meshegress.loading.istiod_flags import flag_problems, misplaced_flags
from meshegress.loading.mesh_holders import (
    DEFAULT_REVISION,
    HolderRank,
    MeshHolder,
    choose_mesh,
    differing,
)
from meshegress.loading.mesh_reading import read_mesh
from meshegress.loading.meshes import FoundMesh
from meshegress.loading.report import Report, problems_of_limits
from meshegress.loading.summary import Refused
from meshegress.loading.templates import holds_placeholder
from meshegress.profiles import Profile
from meshegress.resources import MeshConfig
from meshegress.resources._message import FrozenMap
from meshegress.resources.support_gaps import value_at
from meshegress.rules import mesh_config
from meshegress.rules.problem import Problem, ask_all


class MeshConfigs:
    """The holders so far; *revision* is the one that was asked for, if any."""

    def __init__(self, report: Report, profile: Profile, *, revision: str | None, is_strict: bool) -> None:
        self._report = report
        self._is_strict = is_strict
        self._profile = profile
        self._revision = revision
        self._holders: list[MeshHolder] = []
        self._flags: list[FoundMesh] = []
        self.refused: list[Refused] = []
        self._used = 0

    @property
    def count(self) -> int:
        """How many documents held something of use."""
        return self._used

    def take(self, found: FoundMesh, *, is_strict: bool = False) -> None:
        """Take a mesh configuration that was found; with *is_strict* a field that does not exist is an error."""
        if holds_placeholder(found.revision):
            found = replace(found, revision=DEFAULT_REVISION)
        if found.environment:
            self._flags.append(found)
        if found.value is None:
            self._used += bool(found.environment)
            return
        start = len(self._report.findings)
        config = read_mesh(found.value, found.place, self._report, self._profile.release)
        if config is not None:
            environment = FrozenMap(dict(found.environment))
            holder = MeshHolder(found.holder, found.rank, found.revision, config, config.source(), environment)
            self._keep(holder, is_strict=is_strict or self._is_strict)
        said = self._report.findings[start:]
        if any(finding.severity is Severity.ERROR for finding in said):
            self.refused.append(Refused("MeshConfig", "", found.holder, said[0].where, tuple(said)))

    def keep(self, config: MeshConfig) -> None:
        """Keep a *config* that was built in Python, which is the one that was named; one that says nothing is none."""
        if not config.as_wire():
            self._used += 1
            return
        holder = MeshHolder("MeshConfig", HolderRank.NAMED, DEFAULT_REVISION, config, config.source())
        self._keep(holder, is_strict=self._is_strict)

    def _keep(self, holder: MeshHolder, *, is_strict: bool) -> None:
        """Judge a configuration, and keep it where Istio takes it."""
        config = holder.config
        judged = (_without_placeholder(config, one) for one in ask_all(mesh_config.RULES, config, self._profile))
        said = [*problems_of_limits(config), *judged]
        if is_strict:
            said = [replace(one, severity=Severity.ERROR) if one.code == "EG303" else one for one in said]
        for problem in said:
            self._report.of(config, problem)
        if all(problem.severity is not Severity.ERROR for problem in said):
            self._holders.append(holder)
            self._used += 1

    def settle(self) -> dict[str, Any]:
        """Choose the one that counts, say so, and return what a ResourceSet says of the mesh."""
        choice = choose_mesh(self._holders, self._revision)
        chosen = choice.holder
        if choice.problem:
            there = [holder.where for holder in self._holders]
            help = "name one of them with `revision`" if there else "load its mesh configuration too"
            self._report.block(Finding("EG105", (there or [Source()])[0], choice.problem, help=help))
        said: dict[str, Any] = {"mesh_holders": tuple(self._holders), "mesh_candidates": choice.candidates}
        revision = self._revision or (chosen.revision if chosen else DEFAULT_REVISION)
        environment = self._environment(revision)
        said |= {"revision": revision, "istiod_environment": FrozenMap(environment)}
        if chosen is not None:
            said |= {"mesh_config": chosen.config, "mesh_config_source": chosen.where, "knows_mesh_config": True}
            self._report_choice(chosen, choice.candidates)
            for problem in misplaced_flags(chosen.config, environment):
                self._report.of(chosen.config, problem)
        return said

    def _environment(self, revision: str) -> dict[str, str]:
        """Return istiod's flags for *revision*, and say which are not followed; higher ranks win."""
        environment: dict[str, str] = {}
        holders: dict[str, FoundMesh] = {}
        for found in sorted(self._flags, key=lambda each: -each.rank):
            if found.revision == revision:
                environment |= found.environment
                holders |= dict.fromkeys(found.environment, found)
        for problem in flag_problems(environment):
            holder = holders[str(problem.path[0])]
            self._report.at(holder.environment_place or holder.place, problem, holder.holder)
        return environment

    def _report_choice(self, chosen: MeshHolder, candidates: Sequence[MeshHolder]) -> None:
        others = [each for each in candidates if each is not chosen]
        if others:
            message = f"several mesh configurations could be the one that counts: this, {_listed(others)}"
            help = "name one with `revision`, or give its file as the mesh configuration"
            self._say(chosen, Problem((), message, help, Severity.WARNING, "EG105"))
        elif others := differing(self._holders, chosen):
            revisions = {each.revision for each in others} - {chosen.revision}
            help = "name another revision to use its own" if revisions else "remove what does not count"
            message = f"{chosen.name} is the mesh configuration, not {_listed(others)}"
            self._say(chosen, Problem((), message, help, Severity.INFO, "EG105"))

    def _say(self, holder: MeshHolder, problem: Problem) -> None:
        self._report.add(
            Finding(problem.code, holder.where, problem.message, problem.severity, "MeshConfig", help=problem.help)
        )


def _without_placeholder(config: MeshConfig, problem: Problem) -> Problem:
    """Return what is to be said instead where Istio would refuse nothing but what is yet to be rendered."""
    if not holds_placeholder(value_at(config, problem.path)):
        return problem
    message = "this value is a template: it is rendered before Istio reads it"
    return replace(problem, message=message, help="", severity=Severity.INFO, code="EG005")


def _listed(holders: Sequence[MeshHolder]) -> str:
    shown = ", ".join(str(each) for each in holders[:4])
    return f"{shown} and {len(holders) - 4:,} more" if len(holders) > 4 else shown
