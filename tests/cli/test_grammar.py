"""One grammar for all verbs: MESH, who asks, what is asked, and how it is printed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from unittest import mock

import pytest

import meshegress
from cli.command import ALLOW_ANY, ENTRIES, REGISTRY_ONLY, run, without_summary
from meshegress.cli import build_parser
from meshegress.cli.grammar.pairs import size

BAIDU, BAIDU_CLUSTER = "https://www.baidu.com/", "outbound|443||www.baidu.com"
HEAD = "apiVersion: networking.istio.io/v1\n"
ROUTES = f"""{HEAD}kind: ServiceEntry
metadata: {{name: a, namespace: shop}}
spec: {{hosts: [a.com, b.com], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS}}
---
{HEAD}kind: VirtualService
metadata: {{name: a, namespace: shop}}
spec:
  hosts: [a.com]
  http:
  - {{match: [{{method: {{exact: POST}}}}], directResponse: {{status: 405}}}}
  - {{match: [{{headers: {{x-user: {{exact: anna}}}}}}], directResponse: {{status: 403}}}}
  - {{match: [{{sourceLabels: {{app: cart}}}}], directResponse: {{status: 410}}}}
  - route: [{{destination: {{host: a.com}}}}]
"""


@pytest.fixture
def routes(tmp_path: Path) -> str:
    """A mesh whose answers depend on method, header and label."""
    path = tmp_path / "routes.yaml"
    path.write_text(ROUTES)
    return str(path)


def answers(*arguments: str, stdin: bytes = b"") -> list[str]:
    """Return the lines of ``decide`` that are answers."""
    result = run("decide", *arguments, stdin=stdin)
    assert result.returncode == 0, result.stderr
    return [line for line in result.stdout.splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize("verb", ["decide", "explain", "check", "lint", "diff", "conformance"])
def test_help_has_two_examples_and_the_exit_codes(verb: str) -> None:
    """The examples are commands that can be read, and each code that the verb can end with is listed."""
    page = run(verb, "--help").stdout
    examples = [
        line.strip() for line in page.splitlines() if line.startswith(f"  meshegress {verb}") or "| mesh" in line
    ]
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(example.rpartition("| ")[2])[1:]
        assert build_parser(words).parse_args(words).run is not None
    codes = [line.split()[0] for line in page.partition("exit codes:\n")[2].splitlines()]
    assert codes == {"explain": ["0", "2", "3", "130"], "diff": ["0", "1", "2", "3", "4", "130"]}.get(
        verb, ["0", "1", "2", "3", "130"]
    )


def test_options_stand_anywhere() -> None:
    """Between MESH and URL, too."""
    assert answers("--namespace", "shop", REGISTRY_ONLY, "--label", "app=cart", ENTRIES, BAIDU, "-o", "text") == [
        BAIDU_CLUSTER
    ]


def test_several_urls_are_answered_in_their_order() -> None:
    """Each answer stands behind what was asked."""
    assert answers(REGISTRY_ONLY, ENTRIES, BAIDU, "http://httpbin.org/", "https://example.com/") == [
        f"{BAIDU} -> {BAIDU_CLUSTER}",
        "http://httpbin.org/ -> outbound|80||httpbin.org",
        "https://example.com/ -> BlackHoleCluster (blackhole)",
    ]


LINES = b"""# what the shop calls
https://www.baidu.com/

{"url": "http://a.com/", "method": "POST"}
{"url": "http://a.com/", "headers": {"x-user": "anna"}}
{"url": "http://a.com/", "headers": [["x-user", "bert"]], "address": "9.9.9.9"}
{"url": "tcp://a.com:80", "first_bytes": "474554202f20485454502f312e310d0a486f73743a20622e636f6d0d0a0d0a"}
{"address": "9.9.9.9", "port": 80, "protocol": "http", "host": "b.com"}
"""


def test_requests_stand_in_a_file(routes: str, tmp_path: Path) -> None:
    """A URL or a JSON object a line, a comment, a blank; from standard input as well."""
    wanted = [
        "PassthroughCluster",
        "405 direct_response",
        "403 direct_response",
        "outbound|80||a.com",
        "outbound|80||b.com",
        "outbound|80||b.com",
    ]
    path = tmp_path / "requests.txt"
    path.write_bytes(LINES.replace(b"\n", b"\r\n"))
    for source, stdin in ((str(path), b""), ("-", LINES)):
        told = answers(routes, "--namespace", "shop", "--requests", source, stdin=stdin)
        assert [line.rpartition(" -> ")[2].split(" (")[0].removesuffix(")") for line in told] == wanted


def test_all_bad_lines_of_a_file_are_told_at_once(routes: str) -> None:
    """Each with its number; nothing is answered then."""
    lines = b'http://a.com/\nnope\n{"url": 3}\n{"url": "http://a.com/", "verb": "GET"}\n{"port": "x"}\n{\n'
    result = run("decide", routes, "--requests", "-", stdin=lines)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == "meshegress: --requests: 5 lines are not a request:"
    assert [line.split(":")[1] for line in result.stderr.splitlines()[1:]] == ["2", "3", "4", "5", "6"]
    assert "beside `url` the keys are address, connect, first_bytes, headers, method" in result.stderr


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        pytest.param([], "outbound|80||a.com", id="plain"),
        pytest.param(["--method", "POST"], "POST", id="method"),
        pytest.param(["--header", "X-User=anna"], "HEADER", id="header"),
        pytest.param(["--header", "Host=b.com"], "outbound|80||b.com", id="another host"),
        pytest.param(["--label", "app=cart"], "LABEL", id="label"),
        pytest.param(["--connect", "a.com:443"], "404 no_route", id="connect"),
    ],
)
def test_what_goes_with_a_url(routes: str, options: list[str], answer: str) -> None:
    """Method, headers, a tunnel, and the labels of the workload choose the route."""
    words = {"POST": "405 direct_response", "HEADER": "403 direct_response", "LABEL": "410 direct_response"}
    (told,) = answers(routes, "--namespace", "shop", "http://a.com/", *options)
    assert told == words.get(answer, answer)


def test_first_bytes_are_looked_at() -> None:
    """Bytes of a ClientHello's beginning leave the sidecar waiting; those of no protocol pass."""
    assert answers(REGISTRY_ONLY, ENTRIES, "tcp://1.2.3.4:443", "--first-bytes", "160301") == ["waiting"]
    assert answers(REGISTRY_ONLY, ENTRIES, "tcp://1.2.3.4:443", "--first-bytes", "00 ff 00 ff 00 ff") == [
        "BlackHoleCluster (blackhole)"
    ]


def test_who_asks(routes: str) -> None:
    """Namespace, own addresses and the proxy's metadata: an IPv6 workload has no IPv4 listener."""
    url = "http://a.com/"
    assert answers(routes, url, "--workload", "shop", "--ip", "10.0.0.7") == ["outbound|80||a.com"]
    page = run("explain", routes, url, "--namespace", "shop", "--ip", "fd00::7").stdout
    assert "::_80" in page
    capture = ["--metadata", "DNS_CAPTURE=true"]
    assert answers(routes, url, "--namespace", "shop", *capture) == ["outbound|80||a.com"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--label", "app:cart"], "write a label as KEY=VALUE, such as `app=cart`", id="colon"),
        pytest.param(["--label", "=cart"], "write a label as KEY=VALUE, such as `app=cart`", id="no key"),
        pytest.param(["--label", "a=1", "--label", "a=2"], "`a` is given twice, as `1` and as `2`", id="twice"),
        pytest.param(["--header", "x-user: anna"], "such as `x-user=anna`", id="header"),
        pytest.param(["--workload", "shop", "--namespace", "web"], "say two different things", id="two namespaces"),
        pytest.param(["--workload", "shop/cart"], "no Pod, Deployment or other controller of this name", id="name"),
        pytest.param(["--namespace", "Shop"], "is not the name of a namespace", id="namespace"),
        pytest.param(["--first-bytes", "0"], "write bytes as pairs of hex digits", id="hex"),
        pytest.param(["--first-bytes", "00"], "first bytes go with a tcp:// URL", id="bytes of HTTP"),
        pytest.param(["--connect", "a.com"], "write where the tunnel leads as HOST:PORT", id="tunnel"),
        pytest.param(["--connect", "a.com:1", "--method", "GET"], "the method is CONNECT", id="two methods"),
        pytest.param(["--limit", "12x"], "write a size in bytes", id="size"),
        pytest.param(["--limit", "12"], "more than 12 bytes", id="limit"),
        pytest.param(["--requests", "-", "-"], "standard input (`-`) can be read only once", id="stdin twice"),
        pytest.param(["--requests", "."], "is a directory", id="requests in a folder"),
        pytest.param(["--mesh", ENTRIES], "holds no mesh configuration", id="no mesh configuration"),
        pytest.param(["--out", "absent/x"], "absent/x: no such file or directory", id="out"),
        pytest.param(["--lable", "a=b"], "there is no option `--lable` here", id="unknown option"),
        pytest.param(["-o", "xml"], "invalid choice: 'xml'", id="format"),
    ],
)
def test_what_cannot_be_is_one_clear_error(options: list[str], said: str) -> None:
    """It ends with 2, answers nothing, and says what would do."""
    result = run("decide", ENTRIES, "http://a.com/", *options)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_to_ask_is_an_error() -> None:
    """Neither a URL nor a mesh goes without saying."""
    assert "nothing is asked" in run("decide", ENTRIES).stderr
    assert "the resources are missing" in run("decide", BAIDU).stderr
    assert "the resources are missing" in run("check").stderr
    assert "holds no request" in run("decide", ENTRIES, "--requests", "-", stdin=b"# none\n").stderr


def test_the_named_mesh_configuration_counts() -> None:
    """It takes the place of what MESH holds, and decides between two that MESH holds."""
    mesh = f"{ALLOW_ANY}/istio.yaml"
    assert answers(REGISTRY_ONLY, "https://example.com/", "--mesh", mesh) == ["PassthroughCluster"]
    assert answers(REGISTRY_ONLY, ALLOW_ANY, "https://example.com/", "--mesh", mesh) == ["PassthroughCluster"]
    assert answers("--mesh", mesh, "https://example.com/") == ["PassthroughCluster"]


def test_objects_without_a_namespace_get_the_given_one(tmp_path: Path) -> None:
    """And are seen where that is."""
    path = tmp_path / "entry.yaml"
    path.write_text(
        ROUTES.partition("---")[0].replace(", namespace: shop", "").replace("b.com]", "b.com], exportTo: [.]")
    )
    asked = [str(path), "http://b.com/", "--object-namespace", "web", "--namespace"]
    assert (answers(*asked, "web"), answers(*asked, "shop")) == (["outbound|80||b.com"], ["PassthroughCluster"])


@pytest.mark.parametrize(
    ("text", "value"), [("1000", 1000), ("10k", 10240), ("64MiB", 1 << 26), ("2G", 1 << 31), ("1 TB", 1 << 40)]
)
def test_sizes_have_units(text: str, value: int) -> None:
    """Bytes, or powers of 1,024."""
    assert size(text) == value


REFUSED = f"""{HEAD}kind: ServiceEntry
metadata: {{name: old, namespace: legacy}}
spec: {{hosts: ["*"], ports: [{{number: 443, name: tls, protocol: TLS}}], resolution: DNS}}
"""


def test_a_refused_object_is_left_out_in_one_line(tmp_path: Path) -> None:
    """The cluster does not have it either; but a file of which nothing is left answers nothing."""
    (tmp_path / "all.yaml").write_text(f"{ROUTES}---\n{REFUSED}")
    result = run("decide", str(tmp_path), "http://b.com/", "--namespace", "shop")
    assert (result.returncode, result.stdout.partition("\n")[0]) == (0, "outbound|80||b.com")
    assert result.stderr.splitlines() == [
        f"meshegress: left out 1 object that is refused: ServiceEntry `legacy/old` ({tmp_path}/all.yaml:20:16)",
        "meshegress: read 3 documents of 1 file: 1 ServiceEntry, 1 VirtualService; left out 1: 1 refused",
    ]
    alone = tmp_path / "alone.yaml"
    alone.write_text(REFUSED)
    assert run("decide", str(tmp_path), str(alone), "http://b.com/").returncode == 2


def test_a_namespace_of_which_nothing_is_known_is_told(tmp_path: Path) -> None:
    """Where Namespaces were given; the answer stands nevertheless."""
    (tmp_path / "all.yaml").write_text(f"{ROUTES}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop}}\n")
    result = run("decide", str(tmp_path), "http://b.com/", "--namespace", "shopp")
    assert (result.returncode, result.stdout.partition("\n")[0]) == (0, "outbound|80||b.com")
    assert result.stderr.startswith(
        "meshegress: nothing is known of namespace `shopp`, although Namespaces were given; did you mean `shop`?\n"
    )
    known = run("decide", str(tmp_path), "http://b.com/", "--namespace", "shop")
    assert without_summary(known.stderr) == ""


def test_json_is_one_document_or_a_list_or_lines(tmp_path: Path) -> None:
    """One question, one document; several, a list; jsonl has a line for each; --out has them instead of the screen."""
    asked = ["decide", REGISTRY_ONLY, ENTRIES, BAIDU]
    one = json.loads(run(*asked, "--json").stdout)
    assert (one["asked"], one["cluster"], one["istio"]) == (BAIDU, BAIDU_CLUSTER, "1.30")
    assert one["why"].startswith("governed by ServiceEntry `default/baidu` at ")
    several = json.loads(run(*asked, "http://example.com/", "-o", "json").stdout)
    assert [each["outcome"] for each in several] == ["service", "direct_response"]
    lines = run(*asked, "http://example.com/", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["service", "direct_response"]
    out = tmp_path / "out.json"
    result = run(*asked, "-o", "json", "--out", str(out))
    assert (result.stdout, json.loads(out.read_text())["cluster"]) == ("", BAIDU_CLUSTER)


def test_the_walk_as_json() -> None:
    """The steps, what each rejected and why, and the resource behind it."""
    found = json.loads(run("explain", REGISTRY_ONLY, ENTRIES, "https://example.com/", "-o", "json").stdout)
    walk = found["explanation"]
    assert [step["stage"] for step in walk["steps"]] == ["listener", "inspectors", "filter chain", "cluster"]
    assert walk["steps"][2]["rejected"][0]["resource"] == {
        "kind": "ServiceEntry",
        "namespace": "default",
        "name": "baidu",
        "source": f"{ENTRIES}/baidu.yaml:7:5",
    }
    assert walk["notes"][0].startswith("nothing declares this")


def test_a_failed_expectation_says_what_was_wanted_and_what_came() -> None:
    """For each answer that is another; all of them are printed."""
    asked = [REGISTRY_ONLY, ENTRIES, BAIDU, "https://example.com/"]
    result = run("decide", *asked, "--expect", "service")
    assert (result.returncode, len(result.stdout.splitlines())) == (1, 4)
    assert without_summary(result.stderr) == (
        "meshegress: `https://example.com/`: expected service, and it is BlackHoleCluster (blackhole)\n"
    )
    failed = run("decide", *asked, "--expect", "service", "-o", "json")
    assert json.loads(failed.stderr.splitlines()[-1])["error"]["code"] == "expectation"
    assert len(json.loads(failed.stdout)) == 2


def test_an_expectation_that_nothing_can_meet_is_a_usage_error() -> None:
    """The list of outcomes and clusters is shown, and what was meant."""
    result = run("decide", REGISTRY_ONLY, BAIDU, "--expect", "blackhol")
    assert (result.returncode, result.stdout) == (2, "")
    for word in ("did you mean `blackhole`?", "no_endpoints", "BlackHoleCluster", "AllowAnyDynamicDNSCluster"):
        assert word in result.stderr


def test_what_is_inside_tls_is_not_seen() -> None:
    """A method or header of an https URL changes nothing, and a line says so."""
    result = run("decide", REGISTRY_ONLY, ENTRIES, BAIDU, "--method", "POST")
    assert result.stdout.startswith(BAIDU_CLUSTER)
    assert without_summary(result.stderr).endswith("they are inside TLS\n")


CANARY = """apiVersion: v1
kind: ConfigMap
metadata: {name: istio-canary, namespace: istio-system}
data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
"""


def test_a_revision_chooses_the_mesh_configuration(tmp_path: Path) -> None:
    """Of several in MESH."""
    (tmp_path / "canary.yaml").write_text(CANARY)
    asked = [ALLOW_ANY, str(tmp_path), "https://example.com/"]
    assert answers(*asked) == ["PassthroughCluster"]
    assert answers(*asked, "--revision", "canary") == ["BlackHoleCluster (blackhole)"]


def test_what_is_foreign_is_left_out_excluded_or_an_error(tmp_path: Path) -> None:
    """Values beside entries are counted, not read, or refuse the whole."""
    (tmp_path / "entry.yaml").write_text(ROUTES)
    (tmp_path / "values.yaml").write_text("image: {tag: v1}\n")
    asked = ["decide", str(tmp_path), "http://b.com/", "--namespace", "shop"]
    assert "; left out 1: 1 without a kind\n" in run(*asked).stderr
    assert "left out" not in run(*asked, "--exclude", "values.yaml").stderr
    strict = run(*asked, "--strict")
    assert (strict.returncode, strict.stdout) == (2, "")


def test_what_is_complete_is_all_there_is(tmp_path: Path) -> None:
    """The mesh is loaded as such."""
    (tmp_path / "entry.yaml").write_text(ROUTES)
    with mock.patch("meshegress.check", wraps=meshegress.check) as check:
        run("decide", str(tmp_path), "http://b.com/", "--complete")
    assert check.call_args.kwargs["complete"] is True
