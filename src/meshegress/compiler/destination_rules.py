"""DestinationRules: which one a service gets, and so which subsets exist.

Source: Istio, pilot/pkg/model, setDestinationRules, mergeDestinationRule and PushContext.destinationRule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from meshegress.compiler.model.ages import Undated
from meshegress.compiler.model.hosts import most_specific
from meshegress.compiler.model.orders import TieOrder, TieRule
from meshegress.compiler.model.projections import Selector, wanted
from meshegress.compiler.model.rules import ConsolidatedRule
from meshegress.compiler.model.services import Named
from meshegress.resources import DestinationRule


class _Hosts:
    """Rules of one namespace by host, exact ones apart from wildcards."""

    def __init__(self) -> None:
        self.exact: dict[str, list[ConsolidatedRule]] = {}
        self.wildcard: dict[str, list[ConsolidatedRule]] = {}

    def find(self, host: str) -> Sequence[ConsolidatedRule]:
        """Return the rules of the most specific host that covers *host*."""
        return most_specific(host, self.exact, self.wildcard) or ()

    def add(self, host: str, rule: DestinationRule, export_to: frozenset[str]) -> None:
        """Merge *rule* with what stands under *host*, or let it stand apart."""
        rows = (self.wildcard if host.startswith("*") else self.exact).setdefault(host, [])
        if _merged_into(rows, rule, export_to):
            return
        row = ConsolidatedRule(rule, rule.namespace, export_to, _selector(rule), rule.spec.traffic_policy)
        row.subsets.extend((subset, rule) for subset in rule.spec.subsets)
        rows.append(row)


def _merged_into(rows: Iterable[ConsolidatedRule], rule: DestinationRule, export_to: frozenset[str]) -> bool:
    """Merge *rule* into the rows that take it; return whether it is spent.

    A rule without selector whose visibility equals that of a rule with one is merged into it and is gone: so in Istio.
    """
    selector = _selector(rule)
    spent = False
    for row in rows:
        if export_to == row.export_to:
            spent = True
        else:
            spent = False
            if not row.export_to or not export_to >= row.export_to:
                continue
        if row.selector is not None and selector is not None and row.selector != selector:
            spent = False
            continue
        if (row.selector is None) == (selector is None):
            spent = True
        row.merge(rule)
    return spent


def _selector(rule: DestinationRule) -> Mapping[str, str] | None:
    selector = rule.spec.workload_selector
    return None if selector is None else selector.match_labels


def rule_ties(full_name: Callable[[str, str], str], undated: Undated) -> TieRule:
    """Return how rules are tied: those of one namespace and host are merged, or stand apart, in their order."""
    return TieRule(
        created=undated.created_of,
        key=lambda rule: (rule.name, rule.namespace),
        claims=lambda rule: [(rule.namespace, full_name(rule.spec.host, rule.namespace))],
    )


class DestinationRuleIndex:
    """All DestinationRules, by the namespaces that look for them."""

    def __init__(
        self,
        rules: Iterable[DestinationRule],
        *,
        default_export_to: Iterable[str],
        root_namespace: str,
        full_name: Callable[[str, str], str],
        order: TieOrder,
        undated: Undated,
    ) -> None:
        self._root_namespace = root_namespace
        self._local: dict[str, _Hosts] = {}
        self._exported: dict[str, _Hosts] = {}
        self._root_local = _Hosts()
        self._selectors: dict[str, set[Selector]] = {}
        private_by_default = "." in frozenset(default_export_to)
        aged = rule_ties(full_name, undated).arranged(rules, order)
        for rule in sorted(aged, key=lambda rule: _selector(rule) is None):
            self._add(rule, full_name(rule.spec.host, rule.namespace), private_by_default)

    def select(
        self, service: Named, namespace: str, has_labels: Callable[[Mapping[str, str] | None], bool]
    ) -> ConsolidatedRule | None:
        """Return the rule that a proxy of *namespace* applies to *service*, a selector's over a general one."""
        general = None
        for row in self._candidates(service, namespace):
            if row.selector is None:
                general = row
            elif row.namespace == namespace and has_labels(row.selector):
                return row
        return general

    def selectors(self, namespace: str) -> frozenset[Selector]:
        """Return what the rules of *namespace* ask of the labels of its proxies."""
        return frozenset(self._selectors.get(namespace, ()))

    def asks_labels(self, service: Named, namespace: str) -> bool:
        """Return whether the labels of a proxy of *namespace* may choose its rule for *service*."""
        rows = self._candidates(service, namespace) if namespace in self._selectors else ()
        return any(row.selector is not None and row.namespace == namespace for row in rows)

    def _candidates(self, service: Named, namespace: str) -> Sequence[ConsolidatedRule]:
        host = service.name
        at_root = namespace == self._root_namespace
        local = self._root_local if at_root else self._local.get(namespace)
        if local is not None and (found := local.find(host)):
            return found
        for owner in (service.namespace, self._root_namespace):
            exported = self._exported.get(owner)
            rows = exported.find(host) if exported is not None else ()
            visible = [row for row in rows if not row.export_to or row.export_to & {"*", namespace}]
            if visible:
                return visible
        return ()

    def _add(self, rule: DestinationRule, host: str, private_by_default: bool) -> None:
        namespace = rule.namespace
        own = frozenset((".", namespace))
        asked = _selector(rule)
        if asked is not None:
            self._selectors.setdefault(namespace, set()).add(wanted(asked))
        export_to = frozenset(rule.spec.export_to) if asked is None else frozenset((".",))
        if not export_to or export_to & {"*", *own}:
            self._local.setdefault(namespace, _Hosts()).add(host, rule, export_to)
        private = private_by_default if not export_to else len(export_to) == 1 and export_to <= own
        if not private:
            self._exported.setdefault(namespace, _Hosts()).add(host, rule, export_to)
        elif namespace == self._root_namespace:
            self._root_local.add(host, rule, export_to)
