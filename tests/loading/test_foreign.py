"""What is no object: told by its text, left out and counted, and an error only where a source holds nothing else."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from meshegress.errors import ResourceError
from meshegress.findings import Severity
from meshegress.loading import LeftOut, check, load

ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: NAME, namespace: shop}
spec: {hosts: [NAME.example], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
"""
FOREIGN: dict[str, str | bytes] = {
    "values.yaml": "image: {repository: x}\nreplicas: 2\n",
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "list.json": '["a", "b"]\n',
    "tool.json": '{"compilerOptions": {"strict": true}}\n',
    "broken.yaml": "a: [1\n",
    "latin.yaml": b"name: caf\xe9\n",
    "helper.yaml": '{{ define "x" }}\na: 1\n{{ end }}\n',
    "secret.enc.yaml": "password: ENC[AES256_GCM,data:eA==,iv:eQ==,tag:eg==,type:str]\nsops: {mac: x}\n",
    "deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\n",
    "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {names: {}}\n",
    "schema.json": '{"properties": {"meshConfig": {"type": "object"}}}\n',
}


def folder(tmp_path: Path, files: dict[str, str | bytes]) -> Path:
    """Return a folder that holds *files* by their paths."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def entry(name: str) -> str:
    """Return a ServiceEntry called *name*."""
    return ENTRY.replace("NAME", name)


def test_a_folder_is_read_past_what_is_foreign(tmp_path: Path) -> None:
    """Nothing of it is an error, everything is counted, and the summary is one line."""
    resources = load(folder(tmp_path, {**FOREIGN, "deep/a.yaml": entry("a")}))
    assert [each.name for each in resources.service_entries] == ["a"]
    assert str(resources.summary) == (
        "read 12 documents of 12 files: 1 ServiceEntry, 2 of other kinds; left out 9: "
        "6 without a kind, 1 template, 1 list or plain text, 1 encrypted"
    )


def test_a_file_that_is_named_must_hold_something(tmp_path: Path) -> None:
    """What is left out of a folder is an error alone."""
    folder(tmp_path, FOREIGN)
    for name in sorted(FOREIGN.keys() - {"deploy.yaml", "crd.yaml"}):
        resources, findings = check(tmp_path / name)
        assert [one.severity for one in findings] == [Severity.ERROR], name
        assert resources.summary.blockers == findings, name


@pytest.mark.parametrize("content", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: str) -> None:
    """It was named for something that is not in it."""
    (tmp_path / "a.yaml").write_text(content)
    _, (finding,) = check(tmp_path / "a.yaml")
    assert (finding.code, finding.message) == ("EG001", "this holds nothing")


def test_strict_makes_an_error_of_what_is_left_out_and_of_unknown_fields(tmp_path: Path) -> None:
    """So nothing is passed over in a folder that is meant to hold objects alone."""
    tree = folder(tmp_path, {"a.yaml": entry("a").replace("{hosts", "{hots: 1, hosts"), "values.yaml": "replicas: 2\n"})
    with pytest.raises(ResourceError) as caught:
        load(tree, strict=True)
    assert sorted(one.code for one in caught.value.findings) == ["EG103", "EG303"]
    assert load(tree).service_entries != ()


@pytest.mark.parametrize("pattern", ["dev", "*/dev/*", "**/dev/**", "envs/dev", "dev/"])
def test_excluded_folders_are_not_read(tmp_path: Path, pattern: str) -> None:
    """A pattern fits a folder's name or the way to it."""
    tree = folder(tmp_path, {"envs/dev/a.yaml": entry("a"), "envs/prod/b.yaml": entry("b")})
    assert [each.name for each in load(tree, exclude=pattern).service_entries] == ["b"]


def test_what_says_that_it_is_complete_is() -> None:
    """The marker line, the annotation of a List, or the argument."""
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {"annotations": {"meshegress.io/complete": "true"}}}
    assert [
        load(entry("a")).is_complete,
        load("# meshegress: complete\n" + entry("a")).is_complete,
        load({**listed, "items": []}).is_complete,
        load(entry("a"), complete=True).is_complete,
    ] == [False, True, True, True]


def test_links_lead_no_further_than_the_folder(tmp_path: Path) -> None:
    """A loop ends, a link to elsewhere is named, and a link without an end is an error of that file."""
    tree = folder(tmp_path / "tree", {"a/a.yaml": entry("a")})
    folder(tmp_path / "elsewhere", {"b.yaml": entry("b")})
    (tree / "a" / "loop").symlink_to(tree)
    (tree / "away").symlink_to(tmp_path / "elsewhere")
    (tree / "self.yaml").symlink_to(tree / "self.yaml")
    resources, findings = check(tree)
    assert [each.name for each in resources.service_entries] == ["a"]
    assert [(one.where.file.removeprefix(f"{tree}/"), one.code) for one in findings] == [
        ("away", "EG010"),
        ("self.yaml", "EG001"),
    ]
    assert resources.summary.blockers == ()


def test_packages_of_other_people_are_not_entered_and_that_is_said(tmp_path: Path) -> None:
    """Named, such a folder is read."""
    tree = folder(tmp_path, {"vendor/a.yaml": entry("a"), "node_modules/b.yaml": entry("b"), "c.yaml": entry("c")})
    resources, findings = check(tree)
    assert [each.name for each in resources.service_entries] == ["c"]
    assert [(one.code, one.severity) for one in findings] == [("EG010", Severity.INFO)] * 2
    assert [each.name for each in load(tree / "vendor").service_entries] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    """The others are read."""
    tree = folder(tmp_path, {"a.yaml": entry("a"), "b.yaml": entry("b")})
    (tree / "b.yaml").chmod(0)
    resources, (finding,) = check(tree)
    assert ([each.name for each in resources.service_entries], finding.message) == (["a"], "permission denied")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_of_yaml_are_read(tmp_path: Path, encoding: str) -> None:
    """Shells write what a command prints with a byte order mark, or sixteen bits a character."""
    tree = folder(tmp_path, {"a.yaml": entry("a").encode(encoding)})
    assert [each.name for each in load(tree).service_entries] == ["a"]
    assert str(load(tree / "a.yaml").service_entries[0].source("kind")) == f"{tree}/a.yaml:2:7"


def test_a_byte_order_mark_in_the_middle_is_of_a_file_that_was_put_there() -> None:
    """`cat` joins files as they are."""
    joined = f"\ufeff{entry('a')}\n\ufeff---\n{entry('b')}".encode()
    assert [each.name for each in load(joined).service_entries] == ["a", "b"]


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the standard input hold *text*."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1"', id="JSON"),
        pytest.param("apiVersion: v1\nitems:\n" + "- " + entry("a").replace("\n", "\n  ").rstrip() + "\n", id="a List"),
        pytest.param(entry("a") + '---\nkind: "Serv', id="a quoted text"),
    ],
)
def test_an_input_that_ends_too_early_is_no_answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A part of a dump is not a mesh."""
    stdin(monkeypatch, text)
    resources, (finding,) = check("-")
    assert (finding.code, resources.summary.blockers) == ("EG008", (finding,))


@pytest.mark.parametrize(
    "message",
    [
        'error: the server doesn\'t have a resource type "serviceentries"',
        'Error from server (Forbidden): services is forbidden: User "x" cannot list resource',
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
        "No resources found in shop namespace.",
    ],
)
def test_the_message_of_a_command_is_called_that(monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    """Alone, or above what the command printed after all."""
    for rest, entries in (("", []), (entry("a"), ["a"])):
        stdin(monkeypatch, f"{message}\n{rest}")
        resources, (finding,) = check("-")
        assert (finding.code, str(finding.where)) == ("EG007", "<stdin>:1:1")
        assert resources.summary.blockers == (finding,)
        assert [each.name for each in resources.service_entries] == entries


def test_encrypted_objects_are_decrypted_first() -> None:
    """SOPS leaves the shape, and a field of its own beside it."""
    encrypted = "ENC[AES256_GCM,data:eA==,iv:eQ==,tag:eg==,type:str]"
    text = entry("a").replace("a.example", f'"{encrypted}"') + "sops: {mac: x}\n"
    resources, findings = check(text, entry("b"))
    assert [(one.code, one.message) for one in findings] == [("EG006", "encrypted by SOPS: decrypt it first")]
    assert resources.summary.left_out == {LeftOut.ENCRYPTED: 1}


@pytest.mark.parametrize(
    "line",
    [
        "namespace: {{ .Release.Namespace }}",
        "namespace: '{{ .Release.Namespace }}'",
        "namespace: ${NAMESPACE}",
        "namespace: $NAMESPACE",
        "namespace: $(NAMESPACE)",
        "namespace: ###NAMESPACE###",
        "namespace: #@ data.values.namespace",
        "{{- if .Values.labels }}",
    ],
)
def test_every_language_of_templates_is_one_finding(line: str) -> None:
    """Quoted or not, as a value or as a line of its own."""
    text = entry("a").replace("{name: a, namespace: shop}", f"\n  name: a\n  {line}")
    resources, findings = check(text, entry("b"))
    assert [one.code for one in findings] == ["EG005"]
    assert [each.name for each in resources.service_entries] == ["b"]


def test_dollars_of_a_pod_or_of_a_pattern_are_no_template() -> None:
    """The command of a container and a regular expression have them too."""
    pod = {"containers": [{"name": "c", "args": ["$(HOST)", "${HOST}"]}]}
    route = {"match": [{"uri": {"regex": "/a$(x)"}}], "redirect": {"uri": "/"}}
    objects = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod},
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "a", "annotations": {"note": "{{ x }}"}},
            "spec": {"hosts": ["a.com"], "http": [route]},
        },
    ]
    assert load(objects).summary.left_out == {}


def test_an_equal_copy_is_one_object(tmp_path: Path) -> None:
    """What the cluster wrote beside it tells no two versions apart, and its age is kept."""
    dumped = entry("a").replace("namespace: shop", 'namespace: shop, creationTimestamp: "2024-01-01T00:00:00Z"')
    resources, findings = check(folder(tmp_path, {"git/a.yaml": entry("a"), "dump/a.yaml": dumped}))
    assert (findings, resources.duplicates, resources.summary.copies) == ((), (), 1)
    assert resources.service_entries[0].metadata.creation_timestamp == 1704067200
