"""What the strategies for broken resources break is refused, and for the reason that they name."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshegress.findings import Severity
from meshegress.loading import check
from meshegress.testing import strategies
from meshegress.testing.strategies.broken import MUTATIONS, VALID
from meshegress.testing.strategies.mutations import Mutation

TEXT = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: a}
spec: {address: 10.0.0.1, labels: {app: a}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: a}
spec: {egress: [{hosts: ['*/*']}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [a.com], http: [{route: [{destination: {host: a.com}}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a.com, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: a}
spec: {selector: {app: a}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {clusterIP: 10.96.0.1, selector: {app: a}, ports: [{port: 80, name: http}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.2]}]
ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: a}
subsets: [{addresses: [{ip: 10.0.0.2}], ports: [{name: http, port: 80}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: a}}
spec: {containers: [{name: a, ports: [{containerPort: 80}]}]}
status: {podIP: 10.0.0.2, phase: Running}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {app: a}}
---
outboundTrafficPolicy: {mode: REGISTRY_ONLY}
"""
DOCUMENTS: dict[str, dict[str, Any]] = {one.get("kind", "MeshConfig"): one for one in yaml.safe_load_all(TEXT)}
ROWS = [pytest.param(kind, row, id=f"{kind}: {row.what}") for kind, rows in MUTATIONS.items() for row in rows]


def refusals(document: dict[str, Any]) -> set[str]:
    """Return the codes of what stands against *document*."""
    return {finding.code for finding in check(document)[1] if finding.severity is Severity.ERROR}


def test_every_kind_is_broken() -> None:
    """What is broken here is sound before, and has all kinds that are read."""
    assert list(DOCUMENTS) == list(MUTATIONS)
    assert check(TEXT)[1] == ()


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_each_row_breaks_one_thing(kind: str, row: Mutation) -> None:
    """A sound document is refused, for what the row names and nothing else."""
    assert refusals(row.of(DOCUMENTS[kind])) == {row.code}


@given(st.data())
def test_a_row_breaks_whatever_else_is_there(data: st.DataObject) -> None:
    """A drawn document is refused for what the row names, perhaps among others."""
    kind = data.draw(st.sampled_from(tuple(MUTATIONS)))
    row = data.draw(st.sampled_from(MUTATIONS[kind]))
    sound = data.draw(VALID[kind])
    assert row.code in refusals(row.of(sound.as_wire()))


@given(strategies.broken_resources())
def test_broken_resources_are_refused(document: dict[str, Any]) -> None:
    """Each has one error at least."""
    assert refusals(document)


@given(st.data())
def test_a_malformed_value_is_refused_at_any_depth(data: st.DataObject) -> None:
    """A value of the wrong type anywhere is told, and is the only thing that is told where all else is sound."""
    kind = data.draw(st.sampled_from(tuple(MUTATIONS)))
    broken = data.draw(strategies.malformed(data.draw(VALID[kind]).as_wire()))
    assert refusals(broken) <= {"EG101", "EG103"}
    assert refusals(broken)
