"""Trees as people have them: what is an object, what is not, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import pytest

from meshegress.errors import ResourceError
from meshegress.findings import Finding, Severity
from meshegress.loading import LeftOut, LoadOptions, ResourceSet, check, load
from meshegress.resources import ServiceEntry
from meshegress.resources.mesh_config import MeshOutboundMode

TREES = Path(__file__).parents[1] / "data" / "trees"


def checked(name: str, **options: Unpack[LoadOptions]) -> tuple[ResourceSet, tuple[Finding, ...]]:
    """Return what is usable of the tree *name*, and every finding."""
    return check(TREES / name, **options)


def lines(name: str) -> list[str]:
    """Return place below the trees, severity, code and cure of each finding of the tree *name*."""
    return [
        f"{str(one.where).removeprefix(f'{TREES}/')} {one.severity.value} {one.code}: {one.cure}"
        for one in checked(name)[1]
    ]


def mode(name: str, **options: Unpack[LoadOptions]) -> str:
    """Return the outbound policy of the tree *name*."""
    policy = checked(name, **options)[0].mesh_config.outbound_traffic_policy
    assert isinstance(policy.mode, MeshOutboundMode)
    return policy.mode.value


@pytest.mark.parametrize(
    "name",
    ["iop.yaml", "v2.yaml", "v4.yaml", "istio-cr.yaml", "installed-state.yaml", "values.yaml", "holders.yaml", "p1"],
)
def test_the_mesh_configuration_is_found_in_each_holder(name: str) -> None:
    """IstioOperator, Istio and Helm values at the places where charts keep them hold the policy of the mesh."""
    assert mode(name) == "REGISTRY_ONLY"


def test_the_config_map_beats_the_installer_and_that_is_said() -> None:
    """What the cluster runs with counts; the other holder is named."""
    resources, (finding,) = checked("holders.yaml")
    assert "not IstioOperator `istio-system/cp`" in finding.message
    assert "of ConfigMap `istio-system/istio`" in resources.notices()[0]


def test_the_default_revision_counts_unless_another_is_chosen() -> None:
    """ConfigMap `istio` is the default revision's; the other one is named."""
    resources, (finding,) = checked("two-revisions.yaml")
    assert (mode("two-revisions.yaml"), finding.severity) == ("ALLOW_ANY", Severity.INFO)
    assert "other revisions: canary" in resources.notices()[0]
    assert mode("two-revisions.yaml", revision="canary") == "REGISTRY_ONLY"


def test_a_revision_that_nobody_has_is_an_error_that_names_those_there_are() -> None:
    """A choice that cannot be followed is not passed over."""
    resources, (finding,) = checked("two-revisions.yaml", revision="1-30")
    assert finding.message == "there is no mesh configuration of revision `1-30`; there are default, canary"
    assert resources.summary.blockers == (finding,)


def test_values_of_an_application_are_no_mesh_configuration() -> None:
    """One key that a mesh configuration has does not make it one; named so, it is."""
    resources, (finding,) = checked("kindless-values.yaml")
    assert (resources.mesh_config.root_namespace, finding.code) == ("istio-system", "EG103")
    named = load(mesh_config=TREES / "kindless-values.yaml")
    assert named.mesh_config.root_namespace == "team-a"


def test_flags_of_istiod_are_read_where_they_stand() -> None:
    """They stand beside the mesh configuration, or in values of their own; this one is followed."""
    for name in ("installed-state.yaml", "values.yaml", "pilot-env.yaml"):
        resources, findings = checked(name)
        assert (resources.istiod_environment, findings) == ({"ISTIO_DUAL_STACK": "true"}, ())


def test_flags_of_istiod_that_are_not_followed_are_reported() -> None:
    """With the place of the flag."""
    _, findings = check("pilot:\n  env: {PILOT_ENABLE_AMBIENT: 'true', ISTIO_DUAL_STACK: 'true'}\n")
    assert [(one.code, one.field) for one in findings] == [("EG110", "PILOT_ENABLE_AMBIENT")]


def test_a_flag_of_istiod_among_the_proxies_metadata_does_nothing() -> None:
    """It is reported there, and not where istiod has it too."""
    mesh = "defaultConfig: {proxyMetadata: {ISTIO_DUAL_STACK: 'true'}}"
    assert [one.field for one in check(mesh)[1]] == ["defaultConfig.proxyMetadata.ISTIO_DUAL_STACK"]
    assert check(mesh, TREES / "pilot-env.yaml")[1] == ()


def test_a_kustomization_is_to_be_built_and_its_patches_are_not_objects() -> None:
    """The base is read as it stands; the namespace that kustomize would set is said."""
    resources, findings = checked("kust")
    assert [each.name for each in resources.service_entries] == ["pay"]
    assert resources.summary.left_out == {LeftOut.KUSTOMIZATION: 2, LeftOut.PATCH: 1}
    assert {one.severity for one in findings} == {Severity.INFO}
    assert [one.help for one in findings if "namespace `shop`" in one.message] == [
        f"`kubectl kustomize {TREES}/kust/base | meshegress …`"
    ]


def test_answers_say_where_kustomizations_put_objects() -> None:
    """Whoever asks without checking reads it too, unless the objects were read into that namespace."""
    resources, _ = checked("kust")
    assert resources.notices() == (
        "ServiceEntry `default/pay` is in `default` as read, and kustomizations put it in namespace `shop`",
    )
    resources, _ = check(TREES / "kust", namespace="shop")
    assert resources.notices() == ()


def test_one_identity_in_two_folders_looks_like_environments() -> None:
    """The last one counts, the other stays at hand, and the folders are named."""
    resources, (finding,) = checked("environments")
    (duplicate,) = resources.duplicates
    versions = [each for each in (duplicate.kept, *duplicate.others) if isinstance(each, ServiceEntry)]
    assert [each.spec.hosts for each in versions] == [("prod.pay.example",), ("dev.pay.example",)]
    assert "these look like environments: name one" in finding.message
    assert finding.help == f"name `{TREES}/environments/prod`, or `--exclude {TREES}/environments/dev`"
    assert resources.notices() == ("1 object has several versions, of which the last counts: ServiceEntry `shop/pay`",)


def test_one_refused_object_leaves_the_others() -> None:
    """`check` goes on without it and remembers it; `load` raises and says how to go on."""
    resources, _ = checked("p1")
    assert [each.name for each in resources.service_entries] == ["pay"]
    assert [(one.kind, one.namespace, one.name) for one in resources.refused] == [("ServiceEntry", "legacy", "old")]
    assert resources.summary.blockers == ()
    with pytest.raises(ResourceError, match="`check` leaves out what is refused"):
        load(TREES / "p1")


def test_a_namespace_that_nobody_has_is_named_with_the_nearest() -> None:
    """It is a slip of the pen where Namespaces were given."""
    assert lines("ex.yaml") == ["ex.yaml:6:14 warning EG109: did you mean `shop`?"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "typos.yaml",
            [
                "typos.yaml:1:13 error EG103: write `apiVersion: networking.istio.io/v1`",
                "typos.yaml:3:32 warning EG303: did you mean `namespace`?",
                "typos.yaml:6:13 error EG103: write `apiVersion: networking.istio.io/v1`",
                "typos.yaml:12:7 error EG103: did you mean `ServiceEntry`?",
                "typos.yaml:21:3 error EG204: move it out, below the object itself",
                "typos.yaml:27:1 warning EG108: the API server asks for one",
            ],
            id="kinds, groups and metadata",
        ),
        pytest.param("port.yaml", ["port.yaml:6:3 warning EG303: did you mean `ports`?"], id="a field"),
        pytest.param(
            "vs.yaml",
            [
                "vs.yaml:12:14 warning EG303: did you mean `timeout`?",
                "vs.yaml:11:15 warning EG303: did you mean `weight`?",
                "vs.yaml:10:30 warning EG303: did you mean `port`?",
            ],
            id="fields of a route",
        ),
        pytest.param(
            "br.yaml",
            [
                "br.yaml:1:4 error EG004: correct the text there; a YAML linter shows what it was read as",
                "br.yaml:7:3 error EG212: did you mean `hosts`?",
            ],
            id="a bracket, and a field that is missing because it is misspelt",
        ),
        pytest.param("tab.yaml", ["tab.yaml:5:1 error EG004: YAML takes no tabs here: indent with spaces"], id="a tab"),
        pytest.param("template.yaml", ["template.yaml:1:1 error EG005: for example with `helm template`"], id="quoted"),
    ],
)
def test_each_mistake_is_said_once_with_a_cure_that_fits(name: str, expected: list[str]) -> None:
    """Place, severity, code and cure of every finding."""
    assert lines(name) == expected
