"""What can make an answer less than certain: a table of codes, each with what would settle it.

``docs/concepts.md`` prints the table; a decision bears the codes, and ``check`` says what to export.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AssumptionCode:
    """A kind of assumption: what it is about, whether the answer is certain all the same, and what would settle it.

    ``finding`` is the code under which ``check`` says, once for a mesh, that something was not given.
    """

    code: str
    title: str
    is_certain: bool = False
    remedy: str = ""
    finding: str = ""


ENDPOINTS_UNKNOWN = "endpoints_unknown"
SUBSET_LABELS_UNKNOWN = "subset_labels_unknown"
SERVICE_UNKNOWN = "service_unknown"
GATEWAY_ASSUMED = "gateway_assumed"
MESH_CONFIG_DEFAULT = "mesh_config_default"
MESH_CONFIG_AMBIGUOUS = "mesh_config_ambiguous"
EQUAL_AGES = "equal_ages"
WRITING_ORDER = "writing_order"
READING_ORDER = "reading_order"
DUPLICATE_OBJECT = "duplicate_object"
REFUSED_OBJECT = "refused_object"
UNKNOWN_ADDRESS = "unknown_address"
ADDRESS_ALLOCATED = "address_allocated"
UNSUPPORTED = "unsupported"
AMBIENT = "ambient"

_SLICES = "kubectl get endpointslices -A -o yaml"

ASSUMPTIONS: tuple[AssumptionCode, ...] = (
    AssumptionCode(
        ENDPOINTS_UNKNOWN,
        "the endpoints of a Service, or the workloads that an entry selects, were not given: it is taken to have some",
        remedy=f"`{_SLICES}`; for entries with a workloadSelector `kubectl get workloadentries,pods -A -o yaml`",
        finding="EG601",
    ),
    AssumptionCode(
        SUBSET_LABELS_UNKNOWN,
        "the Pods behind a Service were not given, so nobody knows which are of a subset",
        remedy="`kubectl get pods -A -o yaml`",
        finding="EG602",
    ),
    AssumptionCode(
        SERVICE_UNKNOWN,
        "no Service of a namespace was given, and a route leads to one there: it is taken to exist",
        remedy="`kubectl get services -A -o yaml`",
        finding="EG603",
    ),
    AssumptionCode(
        GATEWAY_ASSUMED,
        "neither Service nor Pods of a gateway were given: it is taken to be as its chart installs it",
        remedy="`kubectl get services,pods -A -o yaml`",
    ),
    AssumptionCode(
        MESH_CONFIG_DEFAULT,
        "no mesh configuration was given, and Istio's default decides",
        remedy="`kubectl get configmap istio -n istio-system -o yaml`",
        finding="EG604",
    ),
    AssumptionCode(
        MESH_CONFIG_AMBIGUOUS,
        "several mesh configurations could be the one that counts",
        remedy="`--mesh FILE` or `--revision NAME`",
    ),
    AssumptionCode(
        EQUAL_AGES,
        "the older resource wins, and the ages are not known",
        remedy="resources as the cluster has them, with their creationTimestamp",
        finding="EG605",
    ),
    AssumptionCode(
        WRITING_ORDER,
        "Istio promises no order between virtual hosts that want one domain",
        remedy="give the domain to one host alone",
    ),
    AssumptionCode(
        READING_ORDER,
        "istiod knows the endpoints of a Service, or their labels, only if it reads objects in one order",
        remedy="name the Pod in the EndpointSlice (`targetRef`); export the Service to somebody",
    ),
    AssumptionCode(
        DUPLICATE_OBJECT,
        "one identity was given with different contents, of which the last counts",
        remedy="name one environment, or leave out the other with `--exclude`",
    ),
    AssumptionCode(
        REFUSED_OBJECT,
        "an object that the cluster refuses was left out, and it names the host that was asked for",
        remedy="mend the object: `check` says how",
    ),
    AssumptionCode(
        UNKNOWN_ADDRESS,
        "the address of a name is not known, and other addresses have another answer",
        remedy="`--ip`, or `address=` of the request",
    ),
    AssumptionCode(
        ADDRESS_ALLOCATED,
        "an address of its own stands in for the one that istiod allocates; only the listener's name depends on it",
        is_certain=True,
        remedy="the ServiceEntry with its status, as the cluster has it",
    ),
    AssumptionCode(UNSUPPORTED, "something was given that could change the answer and is not modelled"),
    AssumptionCode(
        AMBIENT,
        "the workload or the destination is of an ambient mesh, whose ztunnel and waypoints are not modelled",
    ),
    AssumptionCode(
        "release_not_recorded", "no answer of this release was recorded: its rules are those of a neighbour"
    ),
    AssumptionCode("fault", "a fault aborts a share of the requests"),
    AssumptionCode("headers", "a route asks for headers or the method, which are not known"),
    AssumptionCode("regex", "a regular expression on the way cannot be judged here"),
    AssumptionCode("zero-prefix", "chains with a written `/0` and without a prefix hide one another at random"),
)
"""Every kind of assumption."""

CERTAIN = frozenset(row.code for row in ASSUMPTIONS if row.is_certain)
"""The codes that cannot change cluster or outcome."""
