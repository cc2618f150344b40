"""What differs between Istio's releases: one row each, one field for each difference.

A release that was not recorded is refused with the list, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DEFAULT_RELEASE = "1.30"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The answers of one Istio release to the questions on which releases differ.

    Every field says what is true when it holds; ``docs/semantics.md`` numbers the rules that ask.
    """

    release: str
    #: ``status.addresses`` of a ServiceEntry are listened on by proxies that capture DNS; otherwise such as are
    #: computed from the names, by those that ask for them.
    automatic_addresses: bool = True
    #: Only endpoints that are known to be healthy are names' answers; otherwise those not known to be ill are too.
    names_only_healthy: bool = True
    #: A listener that looks for HTTP looks for TLS too; otherwise only where some chain asks for a server name.
    always_inspects_tls: bool = False
    #: Virtual hosts (and alias server names) also answer to the name with a trailing dot.
    absolute_domains: bool = True
    #: Route configurations name HTTP hosts, and their clusters, in lower case.
    lower_case_http_hosts: bool = True
    #: ``resolution: DYNAMIC_DNS`` is a value that the API knows.
    dynamic_dns_known: bool = True
    #: A DYNAMIC_DNS ServiceEntry has clusters at sidecars.
    dynamic_dns_for_sidecars: bool = True
    #: Mesh mode ALLOW_ANY_DYNAMIC_DNS is accepted in the mesh configuration.
    allow_any_dynamic_dns_known: bool = True
    #: ... and does what it says; where only known, it behaves as REGISTRY_ONLY.
    allow_any_dynamic_dns: bool = True
    #: Entries exported to the namespace by name stand beside the namespace's own private ones, in one order.
    one_private_list: bool = True
    #: A VirtualService destination seen in several namespaces is Kubernetes' or the oldest, not the alphabetical first.
    best_destination_namespace: bool = True
    #: The addresses of one entry count in the order in which it lists them; otherwise their order is undefined.
    ordered_addresses: bool = False
    #: An address that is written twice in one entry counts once.
    collapses_addresses: bool = True
    #: A Kubernetes address of a family that the proxy does not speak is dropped even where it is the only one.
    only_own_family: bool = True
    #: ``~ns/name`` in Sidecar hosts excludes.
    sidecar_exclusions: bool = True
    #: A Sidecar that names only exact hosts keeps one service of each host and namespace.
    exact_host_fast_path: bool = True
    #: Validation: users may not set the annotations that name the parents of generated objects.
    parent_annotations_reserved: bool = True
    #: Validation: the protocols of a DYNAMIC_DNS entry.
    dynamic_dns_protocols: frozenset[str] = frozenset({"http", "tls", "grpc", "http2"})
    #: Validation: a DYNAMIC_DNS entry may be MESH_INTERNAL, where it has no waypoint.
    dynamic_dns_inside: bool = True
    #: Validation: a rule with matches behind one without is warned of.
    warns_behind_catch_all: bool = True
    #: Validation: ``*`` is a method of a CORS policy.
    any_cors_method: bool = True
    #: Validation: the backoff of retries is a duration that counts.
    retry_backoff_known: bool = True
    #: Validation: a redirect has a ``prefixRewrite``.
    redirect_prefix_known: bool = True
    #: Validation: ``configmap://`` credentials are those of the own namespace.
    config_map_credentials: bool = True
    #: Validation: a retry budget alone makes a traffic policy.
    retry_budget_known: bool = True
    #: Validation: servers have ``credentialNames`` and ``tlsCertificates``.
    several_server_certificates: bool = True
    #: Validation: the attributes of the hashed cookie are named, each once.
    cookie_attributes_known: bool = True
    #: Validation: HTTP/2 keepalives have an interval and a timeout.
    http2_keep_alive_known: bool = True
    #: Validation: there are ``zoneAwareLbSetting``.
    zone_aware_known: bool = True
    #: Validation: warming up takes an aggression below 1.
    gentle_warmup: bool = True
    #: A Pod's own name stands for all its addresses; otherwise for the last one.
    pod_names_add_up: bool = True
    #: ``serviceEntryVisibility`` of the mesh narrows what sidecars see.
    entry_visibility: bool = True
    #: A selector without labels selects every workload of the namespace; otherwise none.
    empty_selector_takes_all: bool = True
    #: The mesh's default of ``exportTo`` may name namespaces; otherwise ``.`` and ``*`` alone count.
    named_default_export: bool = True
    #: A host that the mesh keeps to its cluster is an endpoint of its own DNS entry; otherwise none.
    cluster_local_names: bool = True


_R131 = Profile(release="1.31")
_R130 = replace(
    _R131,
    release="1.30",
    allow_any_dynamic_dns=False,
    sidecar_exclusions=False,
    exact_host_fast_path=False,
    entry_visibility=False,
    redirect_prefix_known=False,
    http2_keep_alive_known=False,
    zone_aware_known=False,
    gentle_warmup=False,
)
_R129 = replace(
    _R130,
    release="1.29",
    dynamic_dns_for_sidecars=False,
    allow_any_dynamic_dns_known=False,
    one_private_list=False,
    best_destination_namespace=False,
    ordered_addresses=True,
    only_own_family=False,
    collapses_addresses=False,
    dynamic_dns_protocols=frozenset({"http", "tls"}),
    dynamic_dns_inside=False,
    empty_selector_takes_all=False,
    named_default_export=False,
)
_R128 = replace(_R129, release="1.28", dynamic_dns_protocols=frozenset({"http"}))
_R126 = replace(
    _R128,
    release="1.26",
    absolute_domains=False,
    lower_case_http_hosts=False,
    pod_names_add_up=False,
    dynamic_dns_known=False,
    parent_annotations_reserved=False,
    warns_behind_catch_all=False,
    retry_budget_known=False,
    several_server_certificates=False,
    cookie_attributes_known=False,
)
_R124 = replace(
    _R126,
    release="1.24",
    automatic_addresses=False,
    names_only_healthy=False,
    always_inspects_tls=True,
    any_cors_method=False,
    retry_backoff_known=False,
    config_map_credentials=False,
    cluster_local_names=False,
)

PROFILES = {row.release: row for row in (_R124, _R126, _R128, _R129, _R130, _R131)}


def profile(istio: str) -> Profile:
    """Return the profile of release *istio*, such as ``"1.30"``.

    Raises ValueError, with the releases that are recorded, for any other.

    >>> profile("1.30").release
    '1.30'
    """
    try:
        return PROFILES[istio]
    except KeyError:
        raise ValueError(f"Istio `{istio}` is not recorded; choose one of {', '.join(PROFILES)}") from None
