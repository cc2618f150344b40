"""The cure fits the problem, also where problems of one code differ."""

from __future__ import annotations

import pytest

from meshegress import check

HOST = "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n"
TO = "route: [{destination: {host: a.com}}]"


@pytest.mark.parametrize(
    ("kind", "spec", "cures"),
    [
        pytest.param(
            "VirtualService",
            f"{{hosts: [a.com], http: [{{{TO}, mirrorPercentage: {{value: 120}}, mirror: {{host: a.com}}}}]}}",
            ["write a share from 0 to 100"],
            id="a share",
        ),
        pytest.param(
            "VirtualService",
            "{hosts: [a.com], http: [{redirect: {scheme: ftp}}]}",
            ["write `http` or `https`"],
            id="a scheme",
        ),
        pytest.param(
            "VirtualService",
            f"{{hosts: [a.com], http: [{{{TO}, retries: {{attempts: -1}}}}]}}",
            ["write 0 or more"],
            id="a number",
        ),
        pytest.param("Gateway", "{}", ["give it `servers`"], id="servers"),
        pytest.param(
            "Gateway",
            "{servers: [{hosts: [a.com]}]}",
            ["give it a `port` with number, name and protocol"],
            id="a port",
        ),
        pytest.param(
            "DestinationRule",
            "{host: a.com, trafficPolicy: {tunnel: {protocol: GET, targetHost: b.com, targetPort: 80}}}",
            ["write CONNECT or POST"],
            id="a protocol",
        ),
    ],
)
def test_the_cure_fits_the_problem(kind: str, spec: str, cures: list[str]) -> None:
    """Each problem says what to write in its own place."""
    assert [finding.cure for finding in check(HOST.format(kind=kind, spec=spec))[1]] == cures
