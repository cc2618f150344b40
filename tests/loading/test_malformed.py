"""An object with a value of the wrong shape is judged all the same: what is told holds whatever was meant there."""

from __future__ import annotations

import textwrap

import pytest

from meshegress.loading import check

HEAD = "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec:\n"


def told(kind: str, spec: str, validation: str = "webhook") -> list[str]:
    """Return severity, code and field of each finding about an object of *kind*, whose *spec* is YAML."""
    _, findings = check(HEAD.format(kind=kind) + textwrap.indent(textwrap.dedent(spec), "  "), validation=validation)
    assert all(finding.where.line for finding in findings)
    return [f"{finding.severity.value} {finding.code} {finding.field}" for finding in findings]


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        pytest.param(
            "ServiceEntry",
            """
            hosts: [1, '*', '*foo.com']
            ports: [{number: 80, name: http, protocol: HTTP}]
            resolution: STATIC
            """,
            ["error EG101 spec.hosts[0]", "error EG212 spec.hosts[1]"],
            id="errors, but no warnings, which Istio never comes to",
        ),
        pytest.param(
            "ServiceEntry",
            """
            hosts: [a.com]
            ports: [{number: eighty, name: a_b, protocol: SMTP}, {number: 0, name: x}]
            resolution: STATIC
            """,
            [
                "error EG101 spec.ports[0].number",
                "error EG214 spec.ports[0].name",
                "error EG214 spec.ports[0].protocol",
                "error EG214 spec.ports[1].number",
            ],
            id="the values beside it",
        ),
        pytest.param(
            "VirtualService",
            """
            hosts: [a.com]
            http:
            - {timeout: 5, match: [{uri: {regex: '('}}], route: [{destination: {host: a_b}}]}
            - {route: []}
            """,
            [
                "error EG101 spec.http[0].timeout",
                "error EG236 spec.http[0].match[0].uri.regex",
                "error EG236 spec.http[0].route[0].destination.host",
                "error EG236 spec.http[1]",
            ],
            id="every route",
        ),
        pytest.param(
            "Sidecar",
            """
            egress: [{port: 80, hosts: ['*/*', a.com]}, {hosts: ['./*', './*']}]
            workloadSelector: {labels: {app: '*'}}
            bogus: 1
            """,
            [
                "error EG101 spec.egress[0].port",
                "error EG202 spec.workloadSelector.labels.app",
                "error EG223 spec.egress[0].hosts[1]",
                "warning EG303 spec.bogus",
            ],
            id="unknown fields too",
        ),
    ],
)
def test_the_rest_is_judged(kind: str, spec: str, expected: list[str]) -> None:
    """Every problem of an object is told at once, whatever its shape."""
    assert told(kind, spec) == expected


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        pytest.param("ServiceEntry", "{hosts: ['*.com'], resolution: GUESS}", "spec.resolution", id="the resolution"),
        pytest.param(
            "ServiceEntry",
            "{hosts: [a.com], addresses: 1, ports: [{number: 80, name: a, protocol: TCP}], resolution: NONE}",
            "spec.addresses",
            id="whether there are addresses",
        ),
        pytest.param(
            "ServiceEntry",
            "{hosts: [a.com], ports: [{number: 80, name: 1}], resolution: STATIC,"
            " endpoints: [{address: 1.1.1.1, ports: {web: 81}}]}",
            "spec.ports[0].name",
            id="which ports are declared",
        ),
        pytest.param(
            "VirtualService",
            "{hosts: a.b, gateways: [mesh], tls: [{match: [{sniHosts: [a.b]}], route: [{destination: {host: a}}]}]}",
            "spec.hosts",
            id="whether it is a delegate",
        ),
        pytest.param(
            "VirtualService",
            "{hosts: [a.b], http: [{match: 1, redirect: {uri: /a}}, {route: [{destination: {host: b}}]}]}",
            "spec.http[0].match",
            id="whether a route hides the next",
        ),
        pytest.param(
            "Sidecar",
            "{egress: [{bind: 1, port: {number: 0, protocol: HTTP}, hosts: ['*/*']}]}",
            "spec.egress[0].bind",
            id="whether the port is a socket's",
        ),
    ],
)
def test_what_depends_on_it_is_not_guessed(kind: str, spec: str, expected: str) -> None:
    """Nothing is told that would not hold if the value were what was meant."""
    assert told(kind, spec) == [f"error EG101 {expected}"]


@pytest.mark.parametrize("version", ["", "apiVersion: networking.istio.io/v2\n", "apiVersion: 1\n"])
def test_an_object_without_a_version_is_judged_too(version: str) -> None:
    """Its kind says enough to find what else is wrong; it is not loaded."""
    text = f"{version}kind: ServiceEntry\nmetadata: {{name: a}}\nspec: {{hosts: ['*'], ports: x}}\n"
    resources, findings = check(text)
    assert [finding.code for finding in findings] == ["EG103", "EG101", "EG212"]
    assert resources.service_entries == ()


def test_the_server_s_rules_are_told_beside_it() -> None:
    """What the API server asks of the writing is told as well."""
    spec = "{hosts: [1], export_to: ['.'], resolution: STATIC, ports: [{number: 80, name: a, targetPort: 0}]}"
    assert told("ServiceEntry", spec, validation="cluster") == [
        "error EG101 spec.hosts[0]",
        "error EG283 spec.ports[0].targetPort",
        "warning EG281 spec.export_to",
    ]


def test_a_mesh_configuration_says_what_else_is_not_followed() -> None:
    """One wrong value does not hide an unknown field."""
    _, findings = check(mesh_config="rootNamespace: 1\noutboundTraficPolicy: {}\n")
    assert [f"{finding.code} {finding.field} {finding.where}" for finding in findings] == [
        "EG101 rootNamespace <text>:1:16",
        "EG303 outboundTraficPolicy <text>:2:1",
    ]


@pytest.mark.parametrize(("word", "cure"), [("DSN", "did you mean `DNS`?"), ("dns", "did you mean `DNS`?"), ("x", "")])
def test_a_word_of_no_enum_is_told_with_the_nearest(word: str, cure: str) -> None:
    """The words that would do are listed."""
    _, (finding, *_) = check(HEAD.format(kind="ServiceEntry") + f"  hosts: [a.com]\n  resolution: {word}\n")
    assert finding.message == f"`{word}` is none of NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS"
    assert finding.help == cure
