"""The demo tells the story that the README promises."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"

# Chapter by chapter: what is asked, where it goes, and what the access log will say of it.
STORY = [
    ("http://httpbin.org/headers", "PassthroughCluster", '"- - -" 0 - - -'),
    ("https://www.baidu.com/", "PassthroughCluster", '"- - -" 0 - - -'),
    ("http://httpbin.org/headers", "outbound|80||httpbin.org", '"GET /headers HTTP/1.1" 200 - via_upstream'),
    ("https://www.baidu.com/", "outbound|443||www.baidu.com", '"- - -" 0 - - -'),
    ("http://httpbin.org/headers", "outbound|80||httpbin.org", '"GET /headers HTTP/1.1" 200 - via_upstream'),
    ("https://www.baidu.com/", "outbound|443||www.baidu.com", '"- - -" 0 - - -'),
    ("http://example.com/", "block_all (502 direct_response)", '"GET / HTTP/1.1" 502 - direct_response'),
    ("https://example.com/", "BlackHoleCluster (blackhole)", '"- - -" 0 UH - -'),
    ("http://httpbin.org:8080/headers", "BlackHoleCluster (blackhole)", '"- - -" 0 UH - -'),
]


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo prints."""
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda *values, **_: lines.append(" ".join(map(str, values))))
        runpy.run_path(str(QUICKSTART / "demo.py"), run_name="__main__")
    return "\n".join(lines)


def lines_after(told: str, word: str) -> list[str]:
    """Return what follows *word* in the lines that begin with it."""
    return [line.split(word, 1)[1].strip() for line in told.splitlines() if line.strip().startswith(word)]


def test_each_request_goes_where_the_story_says(told: str) -> None:
    """Nothing declared passes through; declared has a cluster; the rest is blocked in two ways."""
    assert lines_after(told, "goes to") == [cluster for _, cluster, _ in STORY]
    logged = lines_after(told, "logged")
    assert all(f"] {beginning} " in line for line, (_, _, beginning) in zip(logged, STORY, strict=True))


def test_the_server_name_is_logged_where_a_listener_asks_for_one(told: str) -> None:
    """TLS on a port without TLS services leaves no name; with one, even strangers' names are seen."""
    names = [line.split()[-2] for line in lines_after(told, "logged")]
    assert names == ["-", "-", "-", "www.baidu.com", "-", "www.baidu.com", "-", "example.com", "-"]


def test_the_reason_names_listener_route_and_resource(told: str) -> None:
    """Each step is told, and the resource with its file and line."""
    assert "listener      0.0.0.0_80" in told
    assert "filter chain  virtualOutbound-catchall-tcp" in told
    assert "ServiceEntry `default/httpbin-ext` at entries/httpbin-ext.yaml:7:5" in told
    assert "ServiceEntry `default/baidu` at entries/baidu.yaml:7:5" in told
    assert "mesh configuration of registry-only/istio.yaml:" in told


def test_the_recorded_lines_come_back_byte_for_byte(told: str) -> None:
    """What the sidecar of 2020 wrote is read and printed back."""
    for line in (QUICKSTART / "sidecar-1.5.log").read_text(encoding="utf-8").splitlines():
        assert line in told


def test_the_change_of_policy_is_told_for_all_requests(told: str) -> None:
    """Five kinds of requests are blocked, and one reason is behind them."""
    chapter = told.partition("5. From ALLOW_ANY to REGISTRY_ONLY")[2]
    assert "5 changes: 5 blocked" in chapter
    assert "all because of MeshConfig `istio-system/istio` (registry-only/istio.yaml:" in chapter


def test_a_careless_entry_has_victims(told: str) -> None:
    """By name where they have one."""
    assert lines_after(told, "ServiceEntry `default/bing`") == ["[EG401]"]
    assert "connections to `www.baidu.com` of ServiceEntry `default/baidu` that show no server name" in told
