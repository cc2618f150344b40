"""LoadBalancerSettings: hashing, localities, zones, warming up."""

from __future__ import annotations

from collections.abc import Iterable
from math import isqrt

from meshegress.profiles import Profile
from meshegress.resources.destination_rule import (
    ConsistentHashLB,
    Distribute,
    Failover,
    HTTPCookie,
    LoadBalancerSettings,
    LocalityLoadBalancerSetting,
    WarmupConfiguration,
    ZoneAwareFailover,
    ZoneAwareLoadBalancerSetting,
)
from meshegress.resources.shape import shown
from meshegress.rules.names import duration_fault
from meshegress.rules.problem import Path, Problem, Problems, fault, warning

_LARGEST_TABLE = 5_000_011
_TOPOLOGY = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
_DETECTION = "give the policy an `outlierDetection`"


def load_balancer_problems(
    settings: LoadBalancerSettings | None, path: Path, profile: Profile, *, has_outlier: bool
) -> Problems:
    """Judge *settings* at *path*; failing over wants outlier detection beside them."""
    if settings is None:
        return
    if settings.consistent_hash is not None:
        yield from _hash_problems(settings.consistent_hash, (*path, "consistentHash"), profile)
    zone_aware = settings.zone_aware_lb_setting if profile.zone_aware_known else None
    if settings.locality_lb_setting is not None:
        if zone_aware is not None:
            yield Problem(path, "localityLbSetting and zoneAwareLbSetting exclude each other", "keep one")
        locality = settings.locality_lb_setting
        yield from _locality_problems(locality, (*path, "localityLbSetting"), has_outlier=has_outlier)
    if zone_aware is not None:
        yield from _zone_problems(zone_aware, (*path, "zoneAwareLbSetting"), has_outlier=has_outlier)
    if settings.warmup is not None:
        yield from _warmup_problems(settings.warmup, (*path, "warmup"), profile)


def _hash_problems(hashing: ConsistentHashLB, path: Path, profile: Profile) -> Problems:
    later = hashing.http_query_parameter_name is not None or hashing.use_source_ip is not None
    if hashing.http_cookie is not None and not later:
        yield from _cookie_problems(hashing.http_cookie, (*path, "httpCookie"), profile)
    if hashing.minimum_ring_size:
        yield warning((*path, "minimumRingSize"), "this field is deprecated", "use `ringHash`")
        if hashing.ring_hash is not None or hashing.maglev is not None:
            yield Problem((*path, "minimumRingSize"), "minimumRingSize excludes ringHash and maglev", "keep one")
    if hashing.maglev is not None:
        size = hashing.maglev.table_size
        if size == 0 or size >= _LARGEST_TABLE or not is_prime(size):
            yield Problem(
                (*path, "maglev", "tableSize"),
                f"`{size}` is not a prime below {_LARGEST_TABLE}",
                "write a prime number below the limit",
            )


def _cookie_problems(cookie: HTTPCookie, path: Path, profile: Profile) -> Problems:
    if not cookie.name:
        yield Problem((*path, "name"), "the name of the cookie is missing", "name the cookie")
    seen: set[str] = set()
    for index, attribute in enumerate(cookie.attributes if profile.cookie_attributes_known else ()):
        if not attribute.name:
            yield Problem(
                (*path, "attributes", index, "name"), "the name of the attribute is missing", "name the attribute"
            )
        elif attribute.name in seen:
            yield Problem(
                (*path, "attributes", index, "name"),
                f"{shown(attribute.name)} is named twice",
                "name each attribute once",
            )
        seen.add(attribute.name)


def is_prime(number: int) -> bool:
    """Tell whether *number* is prime, as Envoy counts: 1 is.

    >>> [number for number in range(12) if is_prime(number)]
    [1, 2, 3, 5, 7, 11]
    """
    if 0 < number < 4:
        return True
    return number % 2 == 1 and all(number % factor for factor in range(3, isqrt(number) + 1, 2))


def _locality_problems(setting: LocalityLoadBalancerSetting, path: Path, *, has_outlier: bool) -> Problems:
    if setting.distribute and setting.failover:
        yield Problem(path, "distribute and failover exclude each other", "keep one")
        return
    for index, label in enumerate(setting.failover_priority):
        if setting.failover and label in _TOPOLOGY:
            yield Problem((*path, "failoverPriority", index), f"failover orders by {shown(label)} already", "remove it")
            return
    for index, distribute in enumerate(setting.distribute):
        bad = list(_weight_problems(distribute, (*path, "distribute", index)))
        yield from bad
        if bad:
            return
        yield from fault((*path, "distribute", index, "to"), _overlap(distribute.to))
    yield from fault((*path, "distribute"), _overlap(distribute.from_ for distribute in setting.distribute))
    yield from _failover_problems(setting, path, has_outlier=has_outlier)


def _weight_problems(distribute: Distribute, path: Path) -> Problems:
    for place, weight in distribute.to.items():
        if not 0 < weight <= 100:
            yield Problem((*path, "to", place), f"weight `{weight}` is not in 1 to 100", "write a weight from 1 to 100")
            return
    total = sum(distribute.to.values())
    if total != 100:
        yield Problem((*path, "to"), f"the weights sum to `{total}`, not to 100", "let the weights sum to 100")


def _failover_problems(
    setting: LocalityLoadBalancerSetting | ZoneAwareLoadBalancerSetting, path: Path, *, has_outlier: bool
) -> Problems:
    if (setting.failover or setting.failover_priority) and not has_outlier:
        yield warning(path, "failing over needs outlier detection", _DETECTION)
    failovers: tuple[Failover | ZoneAwareFailover, ...] = setting.failover
    for index, failover in enumerate(failovers):
        yield from fault((*path, "failover", index), _failover_fault(failover))


def _failover_fault(failover: Failover | ZoneAwareFailover) -> str | None:
    both = failover.from_ + failover.to
    if failover.from_ == failover.to:
        return "a region fails over to itself"
    if "/" in both:
        return "failing over is between regions, not zones"
    return "a region has no `*`" if "*" in both else None


def _zone_problems(setting: ZoneAwareLoadBalancerSetting, path: Path, *, has_outlier: bool) -> Problems:
    for index, label in enumerate(setting.failover_priority):
        if label in _TOPOLOGY:
            yield Problem((*path, "failoverPriority", index), f"zones are ordered by {shown(label)}", "remove it")
    yield from _failover_problems(setting, path, has_outlier=has_outlier)


def _warmup_problems(warmup: WarmupConfiguration, path: Path, profile: Profile) -> Problems:
    if warmup.duration is None:
        yield Problem((*path, "duration"), "the duration is missing", "give it a duration")
    else:
        yield from fault((*path, "duration"), duration_fault(warmup.duration))
    if (warmup.minimum_percent or 0) > 100:
        yield Problem((*path, "minimumPercent"), "the share is above 100", "write a share from 0 to 100")
    aggression = warmup.aggression
    if aggression is not None and (aggression <= 0 if profile.gentle_warmup else aggression < 1):
        yield Problem((*path, "aggression"), f"aggression `{aggression}` is too small", "write 1 or more")


def _overlap(localities: Iterable[str]) -> str | None:
    """Return which of *localities*, in order, is written badly or lies in an earlier one, or around it."""
    seen: set[tuple[str, ...]] = set()
    starts: set[tuple[str, ...]] = set()
    for locality in localities:
        parts = tuple(locality.split("/", 2))
        around = [parts[:size] for size in range(1, len(parts))]
        if locality.count("*") > 1 or ("*" in locality and not locality.endswith("*")):
            return f"{shown(locality)} has a `*` that is not its end"
        if not all(parts):
            return f"{shown(locality)} has an empty part"
        wider = [*around, ("*",), *((*each, "*") for each in around)]
        if parts in starts or not seen.isdisjoint(wider):
            return f"{shown(locality)} overlaps an earlier one"
        seen.add(parts)
        starts.update(around, [parts])
    return None
