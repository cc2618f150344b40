"""The dump of a cluster and the Git tree answer what their pages say."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import meshegress
from meshegress.cli import main

ROOT = Path(__file__).parents[2]
CLUSTER, GITOPS = ROOT / "examples" / "cluster", ROOT / "examples" / "gitops"
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Who asks in the cluster, and the file of what is asked.
ASKING = [
    ("shop", "cart", "shop-cart.txt"),
    ("shop", "storefront", "shop-storefront.txt"),
    ("payments", "payments-api", "payments-api.txt"),
]
# The scheme of requests to ports whose name begins so; to all others it is tcp.
SCHEMES = {"tls": "https", "https": "https", "http": "http", "http2": "http", "grpc": "http"}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the pages, and the lines that it is to print among others."""
    for page in (CLUSTER / "README.md", GITOPS / "README.md"):
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                line, *shown = command.rstrip().split("\n")
                yield line, shown


def printed(arguments: list[str]) -> list[str]:
    """Return the lines that the command prints, results first."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(arguments) == 0
    return [*out.getvalue().splitlines(), *err.getvalue().splitlines()]


@pytest.mark.parametrize(("command", "shown"), list(commands()), ids=[line for line, _ in commands()])
def test_a_page_shows_what_is_printed(command: str, shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line that is shown is printed, in this order; ``…`` stands for any text."""
    monkeypatch.chdir(ROOT)
    program, *arguments = shlex.split(command)
    lines = iter(printed(arguments))
    assert program == "meshegress"
    assert shown
    for line in shown:
        pattern = ".*".join(map(re.escape, line.split("…")))
        assert any(re.fullmatch(pattern, other) for other in lines), line


@pytest.fixture(scope="module")
def cluster() -> meshegress.Mesh:
    """The cluster as it was exported."""
    return meshegress.load(CLUSTER)


def declared_urls(mesh: meshegress.Mesh) -> Iterator[str]:
    """Yield a URL for each port of each host that the resources declare, and two of hosts that nobody declares."""
    for entry in mesh.resources.service_entries:
        for port in entry.spec.ports:
            yield url_of(entry.spec.hosts[0].replace("*", "any"), port.number, port.name)
    for service in mesh.resources.services:
        for each in service.spec.ports:
            yield url_of(f"{service.name}.{service.namespace}.svc.cluster.local", each.port, each.name)
    yield from ("http://nobody-declares-this.example/", "https://nobody-declares-this.example/")


def url_of(host: str, port: int, name: str) -> str:
    """Return the URL of a request that a port of this name is made for."""
    return f"{SCHEMES.get(name.partition('-')[0], 'tcp')}://{host}:{port}"


def test_nearly_all_that_a_whole_cluster_decides_is_certain(cluster: meshegress.Mesh) -> None:
    """What is exported whole leaves at most one answer in twenty open, whoever asks for whatever is declared."""
    urls = list(declared_urls(cluster))
    egresses = [cluster.egress(namespace, labels={"app": app}) for namespace, app, _ in ASKING]
    decisions = [egress.decide(url) for egress in egresses for url in urls]
    assert len(decisions) > 90
    assert sum(decision.is_certain for decision in decisions) >= 0.95 * len(decisions)


@pytest.mark.parametrize(("namespace", "app", "file"), ASKING)
def test_no_question_of_the_cluster_rests_on_an_assumption(
    cluster: meshegress.Mesh, namespace: str, app: str, file: str
) -> None:
    """Each question has one answer."""
    egress = cluster.egress(namespace, labels={"app": app})
    urls = [line for line in (CLUSTER / file).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(urls) >= 5
    assert {url: egress.decide(url).assumptions for url in urls} == dict.fromkeys(urls, ())


def test_a_declared_external_host_is_certain_in_git() -> None:
    """Neither Pods nor statuses are needed where DNS resolves the host and the port is its own."""
    egress = meshegress.load(GITOPS).egress("payments")
    decisions = [egress.decide(url) for url in ("https://api.pay.example/", "https://maps.example/")]
    assert [(str(one), one.is_certain) for one in decisions] == [
        ("outbound|443||api.pay.example", True),
        ("outbound|443||maps.example", True),
    ]
