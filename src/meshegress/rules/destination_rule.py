"""DestinationRule: what Istio's webhook says of hosts, subsets and policies."""

from __future__ import annotations

from meshegress.profiles import Profile
from meshegress.resources import DestinationRule
from meshegress.resources.shape import shown
from meshegress.rules.names import is_dns_label, wildcard_fault
from meshegress.rules.problem import Problem, Problems, Rule, errors_only, fault
from meshegress.rules.shared import ask_annotations, ask_fields, export_problems, label_problems, selector_problems
from meshegress.rules.traffic_policy import traffic_policy_problems


def _ask_host(rule: DestinationRule, profile: Profile) -> Problems:
    yield from fault(("spec", "host"), wildcard_fault(rule.spec.host))


def _ask_policy(rule: DestinationRule, profile: Profile) -> Problems:
    policy, namespace = rule.spec.traffic_policy, rule.metadata.namespace
    yield from traffic_policy_problems(policy, ("spec", "trafficPolicy"), namespace, profile)


def _ask_subsets(rule: DestinationRule, profile: Profile) -> Problems:
    seen: set[str] = set()
    for index, subset in enumerate(rule.spec.subsets):
        path = ("spec", "subsets", index)
        if subset.name in seen:
            yield Problem((*path, "name"), f"subset {shown(subset.name)} is declared twice", "name each subset once")
        seen.add(subset.name)
        if not is_dns_label(subset.name):
            yield Problem(
                (*path, "name"),
                f"{shown(subset.name)} is not a name of a subset",
                "name it in lower case letters, digits and dashes",
            )
        yield from label_problems(subset.labels, (*path, "labels"))
        policy = subset.traffic_policy
        # Istio loses the warnings of policies that stand in a subset.
        yield from errors_only(
            traffic_policy_problems(policy, (*path, "trafficPolicy"), rule.metadata.namespace, profile)
        )


def _ask_export_to(rule: DestinationRule, profile: Profile) -> Problems:
    yield from export_problems(rule, own_only=rule.spec.workload_selector is not None)


def _ask_selector(rule: DestinationRule, profile: Profile) -> Problems:
    selector = rule.spec.workload_selector
    if selector is not None:
        yield from selector_problems(selector.match_labels, ("spec", "workloadSelector"), "matchLabels")


RULES = (
    Rule("EG204", ask_fields, decisive=True),
    Rule("EG201", ask_annotations, decisive=True),
    Rule("EG202", _ask_selector),
    Rule("EG203", _ask_export_to),
    Rule("EG251", _ask_host),
    Rule("EG252", _ask_policy),
    Rule("EG253", _ask_subsets),
)
