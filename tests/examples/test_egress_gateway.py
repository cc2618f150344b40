"""The chapter on the egress gateway tells the journey, the recorded headers, and the missing piece of each variant."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "egress-gateway"


@pytest.fixture(scope="module")
def told() -> str:
    """What the chapter prints."""
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *values, **_: lines.append(" ".join(map(str, values))))
        runpy.run_path(str(EXAMPLE / "demo.py"), run_name="__main__")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("dials 10.0.2.116:8080, in the clear; inside: HTTP/2", id="the first hop"),
        pytest.param("dials httpbin.org (by DNS), port 80, in the clear; inside: HTTP/1.1", id="the second hop"),
        pytest.param("router~10.0.2.116~istio-egressgateway-666956b747-zp4vh.istio-system", id="who sent it in 2020"),
        pytest.param("account    istio-egressgateway-service-account", id="its account"),
        pytest.param("operation  httpbin.org:80/*", id="the route that it took"),
        pytest.param("cluster.local` the subset `httpbin`", id="without the subset"),
        pytest.param("(broken/selector.yaml:2:1) selects other Pods: istio=egress", id="with another selector"),
        pytest.param("this Gateway is `istio-system/egress`", id="with a short name"),
        pytest.param("is not exported to `istio-system` (exportTo: .)", id="with a private entry"),
    ],
)
def test_chapter_says(told: str, sentence: str) -> None:
    """Each step, and each missing piece, is said."""
    assert sentence in told
