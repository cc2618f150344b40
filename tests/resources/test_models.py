"""The models: proto JSON on the wire, frozen values in Python."""

from __future__ import annotations

import copy
import pickle

import pytest

from meshegress.errors import ResourceError
from meshegress.resources import KINDS, MeshConfig, ObjectMeta, Pod, Resource, ServiceEntry, VirtualService
from meshegress.resources.mesh_config import MeshOutboundMode
from meshegress.resources.service_entry import Resolution, ServiceEntrySpec, ServicePort
from meshegress.resources.virtual_service import Percent, StringMatch


def entry(**spec: object) -> ServiceEntry:
    """Build an entry from the wire form of its spec."""
    return ServiceEntry.model_validate({"metadata": {"name": "a"}, "spec": spec})


@pytest.mark.parametrize("number", [80, "80", " 80 ", 80.0], ids=["plain", "quoted", "with spaces", "integral float"])
def test_numbers_are_taken_as_proto_json_writes_them(number: object) -> None:
    """A port is a whole number, in quotes or not."""
    assert entry(ports=[{"number": number}]).spec.ports[0].number == 80


@pytest.mark.parametrize("number", [True, "x", -1, 80.5, 2**32, "", " ", "08", "8 0", "80\t", "8e1", [], {}])
def test_other_numbers_are_refused(number: object) -> None:
    """Nothing else is quietly made a number."""
    with pytest.raises(ResourceError):
        ServiceEntrySpec(ports=[{"number": number}])


@pytest.mark.parametrize(("number", "value"), [("1.5 ", 1.5), ("1e2", 100.0), ("-0", 0.0), ("Infinity", float("inf"))])
def test_quoted_fractions_are_json(number: str, value: float) -> None:
    """A share in quotes is the JSON number that it would be without them, or one of three words."""
    assert Percent.model_validate({"value": number}).value == value


@pytest.mark.parametrize("number", [".5", "5.", "1_0", "inf", "nan", " NaN", "0x1p3", "05"])
def test_other_quoted_fractions_are_refused(number: str) -> None:
    """What other languages take for numbers is text."""
    with pytest.raises(ResourceError):
        Percent(value=number)


def test_names_may_be_camel_or_snake_case() -> None:
    """Both forms of a name mean the same field."""
    assert entry(exportTo=["."]) == entry(export_to=["."])


@pytest.mark.parametrize(("wire", "member"), [("DNS", Resolution.DNS), (2, Resolution.DNS), (None, Resolution.NONE)])
def test_enums_go_by_name_or_number(wire: object, member: Resolution) -> None:
    """An enum is a name or a number."""
    spec = {} if wire is None else {"resolution": wire}
    assert entry(**spec).spec.resolution is member


def test_an_unknown_enum_number_is_kept() -> None:
    """Proto enums are open: the rules judge the number, not the shape."""
    resolution = entry(resolution=17).spec.resolution
    assert (str(resolution), resolution.known) == ("UNKNOWN_17", False)


def test_numbers_with_gaps_mean_their_member() -> None:
    """The third mode of the mesh has the number 3."""
    config = MeshConfig.model_validate({"outboundTrafficPolicy": {"mode": 3}})
    assert config.outbound_traffic_policy.mode is MeshOutboundMode.ALLOW_ANY_DYNAMIC_DNS


def test_the_default_policy_differs_from_an_empty_one() -> None:
    """Istio's default is ALLOW_ANY, a policy written empty is REGISTRY_ONLY."""
    written = MeshConfig.model_validate({"outboundTrafficPolicy": {}})
    assert MeshConfig().outbound_traffic_policy.mode is MeshOutboundMode.ALLOW_ANY
    assert written.outbound_traffic_policy.mode is MeshOutboundMode.REGISTRY_ONLY


def test_unknown_fields_are_kept_and_named() -> None:
    """What the model does not declare is not lost."""
    assert entry(hosts=["a.com"], hots=["b.com"]).spec.unknown == {"hots": ["b.com"]}


def test_wrong_types_are_a_resource_error() -> None:
    """Building by hand names every wrong value at once."""
    with pytest.raises(ResourceError) as caught:
        ServiceEntrySpec(hosts=[1], ports=[{"number": "x"}, 4])
    assert [finding.field for finding in caught.value.findings] == ["hosts[0]", "ports[0].number", "ports[1]"]


def test_models_are_values() -> None:
    """Equal models are equal keys, and survive copying and pickling."""
    one = ServiceEntry(
        metadata=ObjectMeta(name="a"), spec=ServiceEntrySpec(hosts=("a.com",), ports=(ServicePort(number=80),))
    )
    assert {one, copy.deepcopy(one), pickle.loads(pickle.dumps(one))} == {one}


def test_presence_of_a_condition_is_visible() -> None:
    """A match with an empty text differs from a match without one."""
    route = {"match": [{"uri": {"prefix": ""}, "headers": {"x": {}}}]}
    request = VirtualService.model_validate({"spec": {"http": [route]}}).spec.http[0].match[0]
    assert (request.uri, request.headers["x"], request.method) == (StringMatch(prefix=""), StringMatch(), None)


@pytest.mark.parametrize("kind", sorted(set(KINDS.values()), key=str), ids=lambda kind: kind.__name__)
def test_every_kind_can_be_empty(kind: type[Resource]) -> None:
    """No field is required by shape alone."""
    assert kind() == kind.model_validate({})


def test_a_pod_takes_the_metadata_of_any_kind() -> None:
    """What serves for a Service serves for a Pod, whose metadata says more."""
    metadata = ObjectMeta(name="a", namespace="shop", labels={"app": "a"}, creation_timestamp=5)
    pod = Pod(metadata=metadata)
    assert (pod.name, pod.metadata.labels, pod.metadata.creation_timestamp) == ("a", {"app": "a"}, 5)
    assert pod.metadata.deletion_timestamp is None
