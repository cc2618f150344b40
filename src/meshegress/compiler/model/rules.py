"""DestinationRules for one host, merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshegress.resources import DestinationRule
from meshegress.resources.destination_rule import Subset, TrafficPolicy


@dataclass(slots=True, eq=False)
class ConsolidatedRule:
    """Rules for one host that were merged: the first one's selector and place, the subsets of all."""

    rule: DestinationRule
    namespace: str
    export_to: frozenset[str]
    selector: Mapping[str, str] | None
    traffic_policy: TrafficPolicy | None
    subsets: list[tuple[Subset, DestinationRule]] = field(default_factory=list)

    def merge(self, rule: DestinationRule) -> None:
        """Add the subsets of *rule* that are new by name, and its policy where there was none."""
        known = {subset.name for subset, _ in self.subsets}
        for subset in rule.spec.subsets:
            if subset.name not in known:
                self.subsets.append((subset, rule))
        self.traffic_policy = self.traffic_policy or rule.spec.traffic_policy
