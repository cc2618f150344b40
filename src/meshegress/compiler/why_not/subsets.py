"""Why a subset has no cluster: which DestinationRule names it, and where Istio looks for the rule of a service.

Source: Istio, pilot/pkg/model, PushContext.destinationRule.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshegress._match import host_subset_of
from meshegress.compiler.model.evidence import Evidence
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Service
from meshegress.decision import Origin
from meshegress.decision.reasons import Reason, ReasonCode
from meshegress.resources import DestinationRule

_SHOWN = 3


def why_no_subset(service: Service, subset: str, evidence: Evidence) -> Iterator[Reason]:
    """Yield why no rule that the workload applies to *service* names *subset*."""
    host, used = service.hostname, evidence.rule_of(service)
    naming = [rule for rule in evidence.rules if any(each.name == subset for each in rule.spec.subsets)]
    apart = {True: list[DestinationRule](), False: list[DestinationRule]()}
    for rule in naming:
        apart[host_subset_of(host, evidence.full_name(rule.spec.host, rule.namespace))].append(rule)
    for rule in apart[True]:
        told = f"names subset `{subset}` of `{host}`, but {_why_not_seen(rule, service, used, evidence)}"
        yield Reason(ReasonCode.SUBSET_NOT_SEEN, told, _origin(rule))
    if apart[True]:
        return
    meant = [(rule, evidence.full_name(rule.spec.host, rule.namespace)) for rule in apart[False]]
    # The same short name in another namespace is what was mistaken; any other host may well have such a subset.
    mistaken = [(rule, name) for rule, name in meant if name.partition(".")[0] == host.partition(".")[0]]
    yield from (_of_another_host(rule, name, subset, host) for rule, name in mistaken[:_SHOWN])
    if used is not None:
        named = ", ".join(f"`{each.name}`" for each, _ in used.subsets) or "none"
        told = f"is the rule for `{host}`, and does not name subset `{subset}` (its subsets: {named})"
        yield Reason(ReasonCode.SUBSET_NOT_DECLARED, told, _origin(used.rule))
    else:
        told = f"no DestinationRule of `{host}` names subset `{subset}`, which the route asks for"
        yield Reason(ReasonCode.SUBSET_NOT_DECLARED, told)
    if not mistaken:
        yield from (_of_another_host(rule, name, subset, host) for rule, name in meant[:_SHOWN])


def _of_another_host(rule: DestinationRule, meant: str, subset: str, host: str) -> Reason:
    told = f"names subset `{subset}`, of another host: {_as_written(rule, meant)}, not `{host}`"
    return Reason(ReasonCode.SUBSET_NOT_DECLARED, told, _origin(rule))


def _as_written(rule: DestinationRule, meant: str) -> str:
    written = rule.spec.host
    return f"`{written}`" if written == meant else f"`{written}`, which is `{meant}` there"


def _why_not_seen(rule: DestinationRule, service: Service, used: ConsolidatedRule | None, evidence: Evidence) -> str:
    """Return why a rule of the right host is not the one that the workload applies."""
    client = evidence.namespace
    selector = rule.spec.workload_selector
    if selector is not None:
        wanted = ", ".join(f"{key}={text}" for key, text in sorted(selector.match_labels.items()))
        return f"its workloadSelector is for workloads of `{rule.namespace}` with {wanted or 'any labels'}"
    exported = frozenset(rule.spec.export_to) or evidence.rules_exported_to
    shown = ", ".join(sorted(exported))
    if rule.namespace not in (client, service.namespace, evidence.root_namespace):
        return (
            f"stands in namespace `{rule.namespace}` (exportTo: {shown}), where this workload does not look: "
            f"Istio looks in {_looked_in(client, service.namespace, evidence.root_namespace)}"
        )
    if rule.namespace != client and not exported & {"*", client}:
        return f"is exported to `{shown}` only, not to the client's namespace `{client}`"
    if used is not None:
        return (
            f"{_origin(used.rule)} is found first: Istio looks in "
            f"{_looked_in(client, service.namespace, evidence.root_namespace)}, and takes the closest host"
        )
    return "this workload does not apply it"


def _looked_in(client: str, owner: str, root: str) -> str:
    """Return the namespaces in the order in which Istio looks, each with why."""
    roles = [(client, "the client's"), (owner, "the service's"), (root, "the root namespace")]
    if client == root:  # there only its own private rules come first
        roles = roles[1:]
    said: dict[str, list[str]] = {}
    for namespace, role in roles:
        said.setdefault(namespace, []).append(role)
    return ", then ".join(f"`{namespace}` ({' and '.join(each)})" for namespace, each in said.items())


def _origin(rule: DestinationRule) -> Origin:
    return Origin("DestinationRule", rule.namespace, rule.name, rule, ("spec", "host"))
