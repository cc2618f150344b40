"""Loading: whatever people keep their resources in, and whatever they get wrong."""

from __future__ import annotations

import gc
import io
import json
import sys
from pathlib import Path

import pytest

from meshegress.findings import Severity
from meshegress.loading import ResourceSet, check, load
from meshegress.resources import MeshConfig, ObjectMeta, ServiceEntry
from meshegress.resources.mesh_config import MeshOutboundMode
from meshegress.resources.service_entry import ServiceEntrySpec

ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: {name}
spec:
  hosts:
  - {name}.example.com
  ports:
  - number: 80
    name: http
    protocol: HTTP
  resolution: DNS
"""

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: istio
  namespace: istio-system
data:
  meshNetworks: 'networks: {}'
  mesh: |-
    accessLogFile: /dev/stdout
    outboundTrafficPolicy:
      mode: REGISTRY_ONLY
"""

REGISTRY_ONLY = MeshOutboundMode.REGISTRY_ONLY


def names(resources: ResourceSet) -> list[str]:
    """Return the names of the entries."""
    return [entry.metadata.name for entry in resources.service_entries]


def places(text: str) -> list[str]:
    """Return place and code of each finding about *text*."""
    return [f"{finding.where}: {finding.code}" for finding in check(text)[1]]


def test_a_stream_holds_many_documents() -> None:
    """Documents come in order; empty ones are none."""
    text = "---\n" + ENTRY.format(name="a") + "---\n---\n# nothing\n---\n" + ENTRY.format(name="b")
    assert names(load(text)) == ["a", "b"]


def test_json_is_read_too() -> None:
    """JSON with tabs and escapes is the same object."""
    entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"},
             "spec": {"hosts": ["a.com"], "ports": []}}  # fmt: skip
    assert load(json.dumps(entry, indent="\t")) == load(entry)


def test_surrogate_pairs_of_json_are_characters() -> None:
    """An escaped emoji is one character."""
    entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"annotations": {"a": "😀"}}}
    assert check(json.dumps(entry))[0].service_entries == check(entry)[0].service_entries


def test_lists_hold_resources() -> None:
    """Kubectl prints lists; their items may leave out what the list says."""
    item = (
        "- apiVersion: networking.istio.io/v1\n  kind: ServiceEntry\n  metadata: {name: a}\n  spec: {hosts: [a.com]}\n"
    )
    bare = "- metadata: {name: a}\n  spec: {hosts: [a.com]}\n"
    typed = "apiVersion: networking.istio.io/v1\nkind: ServiceEntryList\nitems:\n"
    assert names(check("apiVersion: v1\nkind: List\nitems:\n" + item)[0]) == ["a"]
    assert names(check(typed + bare)[0]) == ["a"]


def test_files_folders_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is all its YAML and JSON, sorted; `-` is the standard input."""
    (tmp_path / "b.yaml").write_text(ENTRY.format(name="b"))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yml").write_text(ENTRY.format(name="a"))
    (tmp_path / ".hidden.yaml").write_text(":")
    (tmp_path / "notes.txt").write_text(":")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ENTRY.format(name="c").encode())))
    resources = load(tmp_path, "-")
    assert names(resources) == ["b", "a", "c"]
    assert str(resources.service_entries[1].source("spec", "hosts", 0)) == f"{tmp_path}/deep/a.yml:7:5"
    assert str(resources.service_entries[2].source()) == "<stdin>:1:1"


def test_models_and_mappings_are_sources() -> None:
    """What Python built needs no text."""
    entry = ServiceEntry(metadata=ObjectMeta(name="a", namespace="n"), spec=ServiceEntrySpec(hosts=("a.com",)))
    resources = load([entry, MeshConfig(root_namespace="root")])
    assert (resources.service_entries, resources.mesh_config.root_namespace) == ((entry,), "root")


def test_an_absent_namespace_is_an_argument() -> None:
    """Files often leave the namespace out."""
    text = ENTRY.format(name="a")
    assert load(text).service_entries[0].metadata.namespace == "default"
    assert load(text, namespace="shop").service_entries[0].metadata.namespace == "shop"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CONFIG_MAP, id="ConfigMap"),
        pytest.param(CONFIG_MAP.replace("name: istio\n", "name: istio-1-30\n"), id="ConfigMap of a revision"),
        pytest.param("outboundTrafficPolicy: {mode: REGISTRY_ONLY}", id="plain"),
        pytest.param("outboundTrafficPolicy: {}", id="plain and empty"),
        pytest.param("meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}\nglobal: {}", id="Helm values"),
        pytest.param(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n"
            "spec: {meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}",
            id="IstioOperator",
        ),
    ],
)
def test_the_mesh_configuration_is_found(text: str) -> None:
    """It is the same configuration wherever it is kept."""
    assert load(text).mesh_config.outbound_traffic_policy.mode is REGISTRY_ONLY


def test_a_place_inside_a_config_map_is_that_of_the_file() -> None:
    """Lines and columns count through the block of text."""
    resources = load(CONFIG_MAP)
    assert str(resources.mesh_config.source("outboundTrafficPolicy", "mode")) == "<text>:11:13"
    assert str(resources.mesh_config_source) == "<text>:9:5"


def test_of_two_mesh_configurations_the_cluster_s_own_counts() -> None:
    """The ConfigMap is what istiod reads; the other one is named."""
    resources, (finding,) = check("rootNamespace: other", CONFIG_MAP)
    assert str(resources.mesh_config_source) == "<text 2>:9:5"
    assert (finding.code, finding.severity, "<text>:1:1" in finding.message) == ("EG105", Severity.INFO, True)


def test_other_kinds_are_counted_and_named() -> None:
    """What cannot matter is skipped; what could is reported with its reach."""
    secret = "apiVersion: v1\nkind: Secret\n---\n"
    text = secret + "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: e}"
    resources, findings = check(text)
    assert resources.skipped == {"v1/Secret": 1}
    assert [(each.kind, each.name) for each in resources.unsupported] == [("EnvoyFilter", "e")]
    assert [(each.code, each.severity) for each in findings] == [("EG301", Severity.WARNING)]


def test_a_later_object_replaces_an_earlier() -> None:
    """As with `kubectl apply`, the last one counts, and it is told."""
    resources, findings = check(ENTRY.format(name="a"), ENTRY.format(name="a").replace("80", "81"))
    assert [port.number for port in resources.service_entries[0].spec.ports] == [81]
    assert [str(finding).splitlines()[0] for finding in findings] == [
        "<text 2>:4:9: warning: ServiceEntry `default/a`: metadata.name: this replaces the one at <text>:4:9 [EG104]"
    ]


def test_one_broken_document_leaves_the_others() -> None:
    """Every problem is told at once, at its place; what is sound still loads."""
    text = ENTRY.format(name="a") + "---\na: [1\n---\n" + ENTRY.format(name="b") + "---\nb: {x\n"
    resources, findings = check(text)
    assert names(resources) == ["a", "b"]
    assert [finding.where.line for finding in findings] == [14, 29]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a: 1\na: 2\n", "<text>:2:1: EG004", id="a key twice"),
        pytest.param("a: {{ .Values.x }}\n", "<text>:1:4: EG005", id="a template"),
        pytest.param("a: 1\n{{- if x }}\nb: 1\n", "<text>:2:1: EG005", id="a template's control line"),
        pytest.param("a: \0\n", "<text>:1:4: EG004", id="NUL"),
        pytest.param("é: \7\n", "<text>:1:4: EG004", id="a control character"),
        pytest.param("x: \ud800\n", "<text>:1:4: EG003", id="a lone surrogate"),
        pytest.param("- a\n", "<text>:1:1: EG102", id="a list"),
        pytest.param("spec: {}\n", "<text>:1:1: EG103", id="no kind"),
        pytest.param("kind: ServiceEntry\nspec: {hosts: [a.com]}\n", "<text>:1:1: EG103", id="no apiVersion"),
        pytest.param(
            "kind: Sidecar\napiVersion: networking.istio.io/v9\nspec: {egress: [{hosts: ['*/*']}]}\n",
            "<text>:2:13: EG103",
            id="bad version",
        ),
        pytest.param("a: !!python/name:os.system\n", "<text>:1:4: EG004", id="a tag"),
        pytest.param("a: *b\n", "<text>:1:4: EG004", id="an alias of nothing"),
        pytest.param("a: &b [*b]\n", "<text>:1:8: EG004", id="an alias of itself"),
        pytest.param("? [a]\n: b\n", "<text>:1:3: EG004", id="a list as key"),
        pytest.param("no/such/folder", "no/such/folder: EG001", id="no file"),
    ],
)
def test_text_that_is_no_resource(text: str, place: str) -> None:
    """Each way of being wrong has one finding, at its place."""
    assert places(text) == [place]


def test_bad_bytes_are_told_at_their_place() -> None:
    """UTF-8 is the only encoding."""
    _, findings = check(b"a: b\nc: \xff\n")
    assert [str(finding.where) for finding in findings] == ["<text>:2:4"]


def test_anchors_and_merge_keys_are_those_of_yaml() -> None:
    """A merged mapping stands behind the mapping's own keys."""
    text = (
        ENTRY.format(name="a")
        + "  endpoints:\n  - &one {address: a.com, network: net}\n  - <<: *one\n    address: b.com\n"
    )
    entry = load(text).service_entries[0]
    assert [(each.address, each.network) for each in entry.spec.endpoints] == [("a.com", "net"), ("b.com", "net")]
    assert str(entry.source("spec", "endpoints", 1, "network")) == "<text>:14:36"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        pytest.param("no", "YAML reads a bare", id="no"),
        pytest.param("017", "octal", id="017"),
        pytest.param("8", "put the text in quotes", id="8"),
    ],
)
def test_words_that_yaml_turns_into_something_else_are_told(word: str, told: str) -> None:
    """A text that YAML takes for another thing is an error with its cure, not silent nonsense."""
    _, findings = check(ENTRY.format(name="a").replace("name: http", f"name: {word}"))
    assert [(str(finding.where), told in finding.help) for finding in findings] == [("<text>:10:11", True)]


def test_a_time_of_day_stays_text() -> None:
    """`1:30` is not a number to the base of sixty."""
    assert load(ENTRY.format(name="a").replace("name: a\n", "name: 1:30\n")).service_entries[0].metadata.name == "1:30"


def test_the_collector_is_left_as_it_was() -> None:
    """Loading holds the garbage collector and gives it back."""
    load("{}")
    assert gc.isenabled()


def test_odd_but_legal_input_loads() -> None:
    """No spec, nulls and empty lists are shapes that Kubernetes takes."""
    text = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, labels: null}\nspec: "
    for spec in ("null", "{hosts: null, ports: [null]}", "{hosts: [], exportTo: [], workloadSelector: {labels: null}}"):
        _, findings = check(text + spec)
        assert [finding for finding in findings if finding.code == "EG101"] == []


@pytest.mark.parametrize("text", ['"a\\nb"', '{"a\\tb": 1, "a\\tb": 2}', "- |\n  a\n  b\n"])
def test_a_finding_is_one_line_and_a_cure(text: str) -> None:
    """What was written is shown without the characters that would end the line."""
    (finding,) = check(text)[1]
    assert len(str(finding).splitlines()) == 2
    assert "\t" not in str(finding)


def test_a_mesh_configuration_that_the_release_refuses_is_left_out() -> None:
    """It is as if it were not there: the next one counts, and else Istio's defaults."""
    refused, sound = {"outboundTrafficPolicy": {"mode": "ALLOW_ANY_DYNAMIC_DNS"}}, {"rootNamespace": "config"}
    resources, findings = check(refused, sound, istio="1.29")
    assert [finding.code for finding in findings] == ["EG106"]
    assert resources.mesh_config.as_wire() == sound
    assert check(refused, istio="1.29")[0].mesh_config_source is None
