"""Logs as people have them: forms from the field, each of which stands for its kind."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshegress import AccessLogEntry, AccessLogFormat, LogParseError, LogReader, read_log

FIELD = Path(__file__).parent / "field"
HTTP, TCP = ((FIELD / "mixed-directions.log").read_text().splitlines()[number] for number in (1, 6))
JSON = (FIELD / "json-one-key-more.log").read_text().strip()
EMITTER = {"pod": "cart-6d5f8-x2x4z", "namespace": "shop", "container": "istio-proxy"}
INSTANT = "2026-11-20T08:15:30.223456789Z"


def read(*lines: str, strict: bool = False) -> tuple[list[AccessLogEntry], LogReader]:
    """Return the entries of *lines*, and their reader."""
    reader = read_log([f"{line}\n".encode() for line in lines], strict=strict)
    return list(reader), reader


@pytest.mark.parametrize(
    ("file", "codes", "tolerances"),
    [
        ("ambiguous-agent.log", [200], {"ambiguous"}),
        ("dash-method.log", [200], set()),
        ("empty.log", [], set()),
        ("gateway-json.log", [200], set()),
        ("json-few-keys.log", [401], {"strings_for_numbers", "missing_keys", "extra_keys"}),
        ("json-floats.log", [200], {"floats_for_numbers"}),
        ("json-one-key-less.log", [200], {"missing_keys"}),
        ("json-one-key-more.log", [200], {"extra_keys"}),
        ("json-strings.log", [200, 200], {"strings_for_numbers", "dash_for_null"}),
        ("late.log.gz", [200, 0, 200], set()),
        ("member-fluentbit.jsonl", [200, 0], {"member"}),
        ("member-gke.jsonl", [200], {"member"}),
        ("member-otlp.jsonl", [200], {"member"}),
        ("member-stern.jsonl", [200], {"member"}),
        ("mixed-directions.log", [200, 200, 200, 200, 0, 0], set()),
        ("no-local-address.log", [200], set()),
        ("pasted.log", [200, 0, 200, 0, 200], {"trimmed"}),
        ("prefix-ambassador.log", [200], set()),
        ("prefix-logcli.log", [200, 0], {"prefix"}),
        ("prefix-stern.log", [200, 0], {"prefix"}),
        ("prefix-syslog.log", [200, 0], {"prefix"}),
        ("tail-custom.log", [200, 0], {"rest"}),
        ("text-1.1.log", [200], set()),
        ("utf16.log", [200], {"trimmed"}),
    ],
)
def test_every_record_is_read(file: str, codes: list[int], tolerances: set[str]) -> None:
    """Without a word about their format; what was tolerated is said, and no line is a misfit."""
    reader = read_log(FIELD / file)
    entries = list(reader)
    assert [entry.response_code for entry in entries] == codes
    assert reader.counts.unread == {}
    assert set(reader.counts.tolerances) == tolerances
    assert {tolerance for entry in entries for tolerance in entry.tolerances} == tolerances


PREFIXES = {
    "kubectl": (f"[pod/cart-6d5f8-x2x4z/istio-proxy] {INSTANT} ", {"pod", "container", "time"}),
    "compose": ("istio-proxy  | ", {"container"}),
    "compose in colour": ("\x1b[36mistio-proxy  | \x1b[0m", {"container"}),
    "stern": ("cart-6d5f8-x2x4z istio-proxy ", {"pod", "container"}),
    "stern, all namespaces": ("shop › cart-6d5f8-x2x4z › istio-proxy ", {"namespace", "pod", "container"}),
    "stern with timestamps": (f"cart-6d5f8-x2x4z istio-proxy {INSTANT} ", {"pod", "container", "time"}),
    "kail": ("shop/cart-6d5f8-x2x4z[istio-proxy]: ", {"namespace", "pod", "container"}),
    "kubetail": ("[cart-6d5f8-x2x4z istio-proxy] ", {"pod", "container"}),
    "syslog": ("<13>Nov 20 08:15:30 n1 envoy[12]: ", {"node", "time"}),
    "syslog of 5424": (f'<134>1 {INSTANT} n1 envoy 12 ID47 [x@1 a="b"] ', {"node", "time"}),
    "journald": ("2026-11-20T08:15:30+0000 n1 envoy[12]: ", {"node", "time"}),
    "logcli": (f'{INSTANT} {{namespace="shop", pod="cart-6d5f8-x2x4z"}} ', {"namespace", "pod", "time"}),
    "Grafana": (f"1795162530123000000\t{INSTANT}\t", {"time"}),
    "unknown": ("any words: ", {"prefix"}),
}


@pytest.mark.parametrize("record", [pytest.param(HTTP, id="text"), pytest.param(JSON, id="JSON")])
@pytest.mark.parametrize("tool", PREFIXES)
def test_what_stands_before_a_record_is_its_emitter(tool: str, record: str) -> None:
    """The record starts where it starts, and who wrote it is kept."""
    prefix, names = PREFIXES[tool]
    (entry,), _ = read(prefix + record)
    known = entry.emitter.as_dict()
    assert entry.upstream_cluster == "outbound|80||api.shop.example"
    assert known.keys() == names
    assert {name: value for name, value in known.items() if name in EMITTER} == {
        name: value for name, value in EMITTER.items() if name in names
    }


KUBERNETES = {"pod_name": "cart-6d5f8-x2x4z", "namespace_name": "shop", "container_name": "istio-proxy"}
MEMBERS: dict[str, Callable[[str], object]] = {
    "Docker": lambda line: {"log": f"{line}\n", "stream": "stdout", "time": INSTANT},
    "Fluent Bit": lambda line: {"log": line, "_p": "F", "kubernetes": KUBERNETES},
    "Vector": lambda line: {
        "message": line,
        "kubernetes": {"pod_name": "cart-6d5f8-x2x4z", "pod_namespace": "shop", "container_name": "istio-proxy"},
    },
    "Filebeat": lambda line: {
        "message": line,
        "kubernetes": {
            "pod": {"name": "cart-6d5f8-x2x4z"},
            "namespace": "shop",
            "container": {"name": "istio-proxy"},
        },
    },
    "Elasticsearch": lambda line: {"hits": {"hits": [{"_source": {"log": line, "kubernetes": KUBERNETES}}]}},
    "journald": lambda line: {"MESSAGE": line, "_HOSTNAME": "n1", "__REALTIME_TIMESTAMP": "1795162530123000"},
    "journald, as bytes": lambda line: {"MESSAGE": list(line.encode()), "_HOSTNAME": "n1"},
    "Loki query": lambda line: {"data": {"result": [{"stream": EMITTER, "values": [["1795162530123000000", line]]}]}},
    "logcli JSON": lambda line: {"labels": EMITTER, "line": line, "timestamp": INSTANT},
    "Grafana download": lambda line: [{"line": line, "timestamp": "1795162530123000000", "fields": EMITTER}],
    "CloudWatch": lambda line: {"events": [{"timestamp": 1795162530123, "message": line, "logStreamName": "s"}]},
    "CloudWatch over Fluent Bit": lambda line: {"message": json.dumps({"log": line, "kubernetes": KUBERNETES})},
    "Splunk": lambda line: {"time": 1795162530.1, "host": "n1", "event": line},
    "Azure": lambda line: {
        "LogMessage": line,
        "PodName": "cart-6d5f8-x2x4z",
        "PodNamespace": "shop",
        "ContainerName": "istio-proxy",
    },
    "GKE": lambda line: [{"textPayload": line, "resource": {"labels": KUBERNETES}}],
    "GKE message": lambda line: {"jsonPayload": {"message": line}, "resource": {"labels": KUBERNETES}},
}


@pytest.mark.parametrize("record", [pytest.param(HTTP, id="text"), pytest.param(JSON, id="JSON")])
@pytest.mark.parametrize("tool", MEMBERS)
@pytest.mark.parametrize("indent", [None, 2])
def test_records_are_found_in_json(tool: str, record: str, indent: int | None) -> None:
    """Collectors and clouds put the line into a member, at any depth, in arrays, over several lines."""
    entries, reader = read(json.dumps(MEMBERS[tool](record), indent=indent))
    assert [entry.upstream_cluster for entry in entries] == ["outbound|80||api.shop.example"]
    assert reader.counts.unread == {}
    known = entries[0].emitter.as_dict()
    if "pod" in known:
        assert known | EMITTER == known
    else:
        assert known or tool == "CloudWatch"


def test_attributes_of_otlp_are_fields() -> None:
    """An OTLP record without a body has the fields as attributes; a body of keys is a record, too."""
    members = json.loads(JSON)
    pairs = [{"key": key, "value": {"stringValue": str(value)}} for key, value in members.items() if value is not None]
    resource = {"attributes": [{"key": "k8s.pod.name", "value": {"stringValue": "cart-1"}}]}
    for record in ({"body": {}, "attributes": pairs}, {"body": {"kvlistValue": {"values": pairs}}}):
        batch = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
        (entry,), _ = read(json.dumps(batch))
        assert (entry.response_code, entry.emitter.pod, entry.direction) == (200, "cart-1", "outbound")


def test_a_spreadsheet_holds_records() -> None:
    """CSV doubles the quotes of a field."""
    sheet = io.StringIO()
    csv.writer(sheet).writerow(["2026-11-20", HTTP])
    (entry,), _ = read(sheet.getvalue().strip())
    assert entry.upstream_cluster == "outbound|80||api.shop.example"


def test_parts_in_members_are_joined() -> None:
    """A collector may pass on the parts of a line that the runtime cut."""
    first, second = (json.dumps({"log": HTTP[a:b], "logtag": tag, "stream": "stdout"}) for a, b, tag in PARTS)
    (entry,), _ = read(first, second)
    assert entry.authority == "api.shop.example"


PARTS = ((0, 90, "P"), (90, None, "F"))


@pytest.mark.parametrize(
    ("change", "value"),
    [
        pytest.param({"response_code": "200"}, 200, id="a string"),
        pytest.param({"response_code": 200.0}, 200, id="a whole float"),
        pytest.param({"response_code": "200.0"}, 200, id="a whole float in a string"),
        pytest.param({"response_code": "-"}, None, id="a dash"),
        pytest.param({"response_code": None}, None, id="null"),
    ],
)
def test_json_is_read_by_its_keys(change: dict[str, object], value: int | None) -> None:
    """The key says what a value is, however it is written; keys may be missing, more, and in any order."""
    members = dict(reversed(list((json.loads(JSON) | change).items())))
    (entry,), _ = read(json.dumps(members))
    assert (entry.response_code, entry["trace_id"]) == (value, "0af7651916cd43dd8448eb211c80319c")
    assert "route_name" in entry
    del members["route_name"]
    (entry,), _ = read(json.dumps(members).replace("/", "\\/"))
    assert entry.path == "/v1/items"
    assert "route_name" not in entry


def test_a_value_that_cannot_be_is_a_misfit() -> None:
    """Tolerance ends where a value is none of its operator."""
    entries, reader = read(HTTP, JSON.replace('"response_code":200', '"response_code":"many"'))
    assert len(entries) == 1
    assert reader.counts.unread["no_match"].hints == ["`many` is not a value of `RESPONSE_CODE`"]


def test_objects_of_services_are_not_records() -> None:
    """A service may log method, path and duration, too; only a proxy's own keys make a record."""
    with pytest.raises(LogParseError, match="no known format fits any of 1 lines"):
        read('{"method":"GET","path":"/","duration":3,"user_agent":"x","request_id":"1"}')


@pytest.mark.parametrize("preset", ["istio-1.2-json", "istio-1.5-json"])
def test_old_releases_wrote_strings(preset: str) -> None:
    """What those releases wrote fits their format by its keys; strictly it does not."""
    log = AccessLogFormat.preset(preset)
    for line in (FIELD / "json-strings.log").read_text().splitlines():
        assert (log.parse(line).response_code, log.parse(line).requested_server_name) == (200, None)
        with pytest.raises(LogParseError):
            log.parse(line, strict=True)


def test_strict_reading_tolerates_nothing() -> None:
    """It stays a choice."""
    entries, reader = read(HTTP, f"ACCESS2 {HTTP}", JSON, f"{HTTP} more", strict=True)
    assert [entry.tolerances for entry in entries] == [()]
    assert reader.counts.unread_lines == 3


def test_what_stands_behind_a_record_is_kept() -> None:
    """A format with something added is still known, and where it ends."""
    (entry,), _ = read(f"{HTTP} more of it")
    assert (entry.route_name, entry.rest, entry.tolerances) == ("default", "more of it", ("rest",))
    (entry,), _ = read(f"{HTTP}\\n")
    assert (entry.route_name, entry.rest) == ("default", None)


def test_the_nearest_format_is_named() -> None:
    """With the byte where it stops, and what to write behind -f."""
    _, reader = read(TCP, HTTP.replace("10.8.1.4:41022 ", "", 1).replace("10.8.1.4:53310", ""))
    (hint,) = reader.counts.unread["no_match"].hints
    assert "`istio-text` fits up to byte" in hint
    assert "-f '[%START_TIME%]" in hint


def test_an_ambiguous_line_gives_what_its_readings_share() -> None:
    """A client's quotes take no line out of a report; what they could forge has no value."""
    (entry,) = read_log(FIELD / "ambiguous-agent.log")
    assert entry.unsure == ("x_forwarded_for", "user_agent", "request_id")
    assert (entry.user_agent, entry.path, entry.direction) == (None, "/v1/items", "outbound")
    assert entry.as_dict().keys().isdisjoint(entry.unsure)
    assert entry.to_request().host == "api.shop.example"


def test_a_forged_path_is_no_request() -> None:
    """Where the readings differ in what was asked, nothing is asked again."""
    forged = HTTP.replace("/v1/items", '/x HTTP/1.1" 200 - via_upstream - "-" 0 1 2 3 "-" "-" "-" "a" "1.2.3.4:5" c - ')
    forged = forged.replace("default", 'x HTTP/1.1" 200 - a - "-" 0 1 2 3 "-" "-" "-" "a" "-" c - - - - -')
    entries, reader = read(TCP, forged)
    assert [entry.response_code for entry in entries[:1]] == [0]
    assert all("path" in entry.unsure or entry.rest for entry in entries[1:])
    assert reader.counts.entries == len(entries)


def test_formats_may_change_in_the_middle() -> None:
    """After an upgrade, and after any number of lines of the agent; each entry comes at once."""
    old = HTTP.replace(" via_upstream -", "", 1)
    agent = "2026-11-20T08:15:00.000000Z\tdebug\tenvoy http\tnew stream"
    entries, reader = read(*[agent] * 1500, *[old] * 3, *[HTTP] * 3, JSON)
    assert len(entries) == 7
    assert reader.counts.formats == {"istio-1.8-text": 3, "istio-text": 3, "keys": 1}
    assert (reader.counts.agent_lines, reader.counts.unread) == (1500, {})


def test_an_entry_comes_as_soon_as_a_line_fits() -> None:
    """Nothing waits for more of a log that is still being written."""

    def live() -> Iterator[bytes]:
        yield f"{HTTP}\n".encode()
        raise AssertionError("nobody asked for a second line")

    assert next(read_log(live())).response_code == 200


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(HTTP.encode()), id="gzip"),
        pytest.param(bz2.compress(HTTP.encode()), id="bzip2"),
        pytest.param(lzma.compress(HTTP.encode()), id="xz"),
        pytest.param(gzip.compress(gzip.compress(HTTP.encode())), id="gzip twice"),
        pytest.param(HTTP.encode("utf-16"), id="UTF-16"),
        pytest.param(HTTP.encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param(gzip.compress(HTTP.encode("utf-16")), id="UTF-16 in gzip"),
    ],
)
def test_compressed_and_wide_logs_are_read(packed: bytes) -> None:
    """By what their first bytes say, not by a name."""
    assert [entry.authority for entry in read_log(io.BytesIO(packed))] == ["api.shop.example"]


@pytest.mark.parametrize(
    ("magic", "help"),
    [(b"\x04\x22\x4d\x18", "lz4 -dc"), (b"PK\x03\x04", "unzip -p"), (b"\x28\xb5\x2f\xfd" + b"\0" * 20, "zstd")],
)
def test_what_cannot_be_read_says_how(magic: bytes, help: str) -> None:
    """The message has the command that makes it readable, or says that the file is broken."""
    with pytest.raises(Exception, match=help if help != "zstd" else "(?i)zstd|frame|corrupt"):
        list(read_log(io.BytesIO(magic + b"x" * 20)))


def test_garbage_is_counted_and_harms_nothing() -> None:
    """Binary noise, lines of brackets, nested JSON, a cut end."""
    noise = [b"\x00" * 5000, bytes(range(256)), b"[" * 3000, b'{"a":' * 3000, b"{" * 50, HTTP.encode()[:200], b'"' * 99]
    reader = read_log([HTTP.encode() + b"\n", *(line + b"\n" for line in noise)])
    assert len(list(reader)) == 1
    assert reader.counts.unread_lines >= 6


def test_presets_of_other_meshes() -> None:
    """Kuma's two formats and Emissary's are known."""
    kuma = (
        '[2026-11-20T08:15:30.123Z] default "GET / HTTP/1.1" 200 - 0 5 1 1 "-" "curl" "-" "id" "web" '
        '"client" "web_shop_svc_80" "10.8.1.4" "10.8.3.3:80"'
    )
    tcp = (
        "[2026-11-20T08:15:30.123Z] - default 10.8.1.4(client)->10.8.3.3:5432(db_shop_svc_5432) "
        "took 12ms, sent 20 bytes, received: 30 bytes"
    )
    entries, reader = read(kuma, tcp)
    assert [entry["KUMA_DESTINATION_SERVICE"] for entry in entries] == ["web_shop_svc_80", "db_shop_svc_5432"]
    assert reader.counts.formats == {"kuma-http": 1, "kuma-tcp": 1}


def test_seconds_since_1970_are_an_instant() -> None:
    """A start time of one's own format is a moment where it tells one, and is written back as it was."""
    log = AccessLogFormat("%START_TIME(%s.%9f)% %RESPONSE_CODE%\n")
    entry = log.parse("1795162530.123456789 200")
    assert str(entry["START_TIME(%s.%9f)"]) == "2026-11-20 08:15:30.123456+00:00"
    assert log.format(entry) == "1795162530.123456789 200"
    as_json = AccessLogFormat.json({"t": "%START_TIME(%s)%"})
    assert as_json.format(as_json.parse('{"t":"1795162530"}')) == '{"t":"1795162530"}'
    assert str(as_json.parse('{"t":"1795162530"}')["t"]) == "2026-11-20 08:15:30+00:00"


def test_a_name_with_blanks_reads_in_one_way() -> None:
    """A relative path of a socket takes in no address."""
    log = AccessLogFormat.preset("istio-text")
    line = HTTP.replace("outbound|80||api.shop.example", "upstream with space")
    assert log.parser(names="relaxed").parse(line).upstream_cluster == "upstream with space"
    assert log.count_parses(line) == 1
