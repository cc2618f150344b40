"""Reading lines: counting the ways, and the laws of both directions."""

from __future__ import annotations

import pickle
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshegress import AccessLogEntry, AccessLogFormat, LogFormatError, LogParseError
from meshegress.accesslog.explain import explain_entry

EXTENSION = "envoy.formatter.req_without_query"
ISTIO = AccessLogFormat.preset("istio-text")
LINE = (
    '[2026-11-22T22:44:33.490Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 6 0 0 "-" "{agent}" "id" "a.com" '
    '"1.2.3.4:80" outbound|80||a.com 10.0.0.1:34202 1.2.3.4:80 10.0.0.1:59852 - default'
)


def test_a_quote_alone_does_no_harm() -> None:
    """The true reading stays the only one."""
    assert ISTIO.parse(LINE.replace("{agent}", 'a" b "c')).user_agent == 'a" b "c'


def test_a_forged_separator_is_an_error() -> None:
    """A User-Agent that imitates what follows is never read as the attacker wants."""
    with pytest.raises(LogParseError) as caught:
        ISTIO.parse(LINE.replace("{agent}", 'x" "id2'))
    assert caught.value.reason == "ambiguous"
    assert "may end at byte" in caught.value.detail


def test_the_widest_user_agent_is_taken_on_request() -> None:
    """The tie-break is for logs whose other headers a trusted hop wrote."""
    entry = ISTIO.parser(tie_break="ua-widest").parse(LINE.replace("{agent}", 'x" "id2'))
    assert (entry.x_forwarded_for, entry.user_agent, entry.request_id) == (None, 'x" "id2', "id")


def test_a_forged_path_is_an_error() -> None:
    """The header behind the path may hold anything, a whole line too."""
    forged = 'GET /x" 200 - via_upstream - "-" 1 2 3 4 "- HTTP/1.1" 200'
    with pytest.raises(LogParseError) as caught:
        ISTIO.parse(LINE.replace("{agent}", "a").replace("GET / HTTP/1.1", forged, 1))
    assert caught.value.reason in ("ambiguous", "no_match")


def test_names_with_blanks_are_read_on_request() -> None:
    """Strictly they fit nothing; relaxed they are read."""
    log = AccessLogFormat("%RESPONSE_CODE% %ROUTE_NAME%\n")
    with pytest.raises(LogParseError) as caught:
        log.parse("200 my route")
    assert caught.value.reason == "no_match"
    assert log.parser(names="relaxed").parse("200 my route").route_name == "my route"


@pytest.mark.parametrize("copies", [20, 2560])
def test_fake_separators_cost_milliseconds(copies: int) -> None:
    """Counting is linear in the fake separators, where backtracking would not end."""
    line = LINE.replace("{agent}", 'a" "' * copies)
    started = time.process_time()
    assert ISTIO.parser().count(line) == 2
    assert ISTIO.parser().count(line + " no") == 0
    assert time.process_time() - started < 2


def test_a_hostile_line_costs_as_much_as_it_is_long() -> None:
    """Four times the fake separators take not much more than four times the time."""

    def seconds(copies: int) -> float:
        line = LINE.replace("{agent}", 'a" "' * copies)
        started = time.process_time()
        assert ISTIO.parser().count(line) == 2
        return time.process_time() - started

    assert min(seconds(8000) for _ in range(3)) < 10 * min(seconds(2000) for _ in range(3)) + 0.05


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("%BYTES_RECEIVED%%BYTES_SENT%", (0, 28)),
        ("a %REQ(A)%%REQ(B)%", (2, 18)),
        ("no command", (0, 10)),
        ("%REQ(A)%", (0, 8)),
    ],
)
def test_formats_that_cannot_be_read_back(text: str, places: tuple[int, int]) -> None:
    """They write; their parser says which fields are at fault."""
    log = AccessLogFormat(text)
    with pytest.raises(LogFormatError) as caught:
        log.parser()
    assert (caught.value.start, caught.value.end) == places
    assert isinstance(log.format({}), str)


def test_neighbours_that_tell_themselves_apart() -> None:
    """Digits end where a flag begins, and a path begins with a slash."""
    entry = AccessLogFormat("%RESPONSE_CODE%%RESPONSE_FLAGS% %BYTES_SENT%%REQ(:PATH)% ").parse("503UH 1/x ")
    assert (entry.response_code, entry.response_flags, entry.bytes_sent, entry.path) == (503, ("UH",), 1, "/x")


def test_entries_are_values() -> None:
    """They compare, hash, pickle and print; from text, JSON or a mapping."""
    text = AccessLogFormat("%RESPONSE_CODE% %REQ(A)%\n")
    entry = text.parse("200 x")
    by_json = AccessLogFormat.json({"c": "%RESPONSE_CODE%", "a": "%REQ(A)%"}).parse('{"a":"x","c":200}')
    given_entry = AccessLogEntry({"RESPONSE_CODE": 200, "REQ(A)": "x"})
    assert entry == by_json == given_entry != text.parse("200 y")
    assert len({entry, by_json, given_entry, pickle.loads(pickle.dumps(entry))}) == 1
    assert repr(entry) == "AccessLogEntry({'RESPONSE_CODE': 200, 'REQ(A)': 'x'})"
    assert by_json.as_dict() == {"a": "x", "c": 200}


def test_pickled_entries_keep_their_names_and_texts() -> None:
    """From text and from JSON, with extensions and lengths; a pickle holds the fields, not the format's text."""
    log = AccessLogFormat("%REQ(X-A):9% %REQ_WITHOUT_QUERY(:PATH)% %REQ(X-A)%\n", formatters=[EXTENSION])
    entry = pickle.loads(pickle.dumps(log.parse("a\udcff /p -")))
    assert (entry.x_a, entry.text("path"), entry.x_a_2, log.format(entry)) == ("a\udcff", "/p", None, "a\udcff /p -")
    by_json = AccessLogFormat.json({"k": {"c": "%RESPONSE_CODE%"}}).parse('{"k":{"c":5}}')
    assert dict(pickle.loads(pickle.dumps(by_json))) == {"k.c": 5} == dict(by_json)


def test_entries_without_a_line_are_explained() -> None:
    """Values given by operator or by Istio's key have the same meanings."""
    explained = list(explain_entry(AccessLogEntry({"response_code": 0, "UPSTREAM_CLUSTER": "BlackHoleCluster"})))
    assert [(field.name, field.value, field.meaning[:9]) for field in explained] == [
        ("response_code", "0", "no status"),
        ("upstream_cluster", "BlackHoleCluster", "traffic t"),
        ("direction", "outbound", "the clust"),
    ]


def test_absent_fields_are_none_and_unknown_ones_an_error() -> None:
    """Istio's fields can always be asked for."""
    entry = AccessLogFormat("%RESPONSE_CODE% \n").parse("200 ")
    assert entry.user_agent is None
    with pytest.raises(AttributeError, match="no field `nope`"):
        _ = entry.nope
    with pytest.raises(KeyError):
        _ = entry["REQ(NOPE)"]


def test_json_bytes_are_recovered() -> None:
    """What is not UTF-8 was escaped byte by byte."""
    log = AccessLogFormat.json({"a": "%REQ(A)%"})
    line = log.format({"REQ(A)": "é\udcff"})
    assert line == '{"a":"\\u00c3\\u00a9\\u00ff"}'
    assert log.parse(line)["REQ(A)"] == "é\udcff"


# Values by operator, as rich as each can show; texts are without the line feed that ends a record.
_HEADER = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8) | st.sampled_from(['a" "b', "-", "x y"])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "RESPONSE_CODE": st.integers(0, 599),
    "BYTES_SENT": st.integers(0, 2**64 - 1),
    "DURATION": st.integers(-5, 10**6),
    "REQ(A)": st.none() | _HEADER,
    "REQ(B):3": st.none() | _HEADER,
    "REQ(:METHOD)": st.none() | st.sampled_from(["GET", "a-b"]),
    "REQ(:PATH)": st.none() | st.sampled_from(["/", "/a?b=c", "*"]),
    "RESPONSE_FLAGS": st.sampled_from(["-", "UH", "URX,UF"]),
    "PROTOCOL": st.none() | st.sampled_from(["HTTP/1.1", "HTTP/2"]),
    "UPSTREAM_CLUSTER": st.none() | st.sampled_from(["PassthroughCluster", "outbound|80|v1|a.com"]),
    "UPSTREAM_HOST": st.none() | st.sampled_from(["1.2.3.4:80", "[::1]:80", "/a.sock"]),
    "START_TIME": st.datetimes().map(lambda moment: f"{moment:%Y}".zfill(4) + f"{moment:-%m-%dT%H:%M:%S}.123Z"),
    "DOWNSTREAM_LOCAL_PORT": st.none() | st.integers(0, 65535),
    "CEL(a)": st.none() | _HEADER,
}
_LITERALS = st.sampled_from([" ", '" "', "|", "x", '"', "%%", "] [", ""])


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[str, dict[str, object], bool]:
    """A format, values for it, and whether empty values are left out."""
    names = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=6, unique=True))
    text = draw(_LITERALS) + "".join(f"%{name}%{draw(_LITERALS)}" for name in names) + draw(st.sampled_from(["\n", ""]))
    return text, {name: draw(_VALUES[name]) for name in names}, draw(st.booleans())


@given(exchanges())
@example(('%REQ(A)%" "%REQ(B):3%\n', {"REQ(A)": 'a" "b', "REQ(B):3": "c"}, False))
def test_what_is_read_is_what_was_written(exchange: tuple[str, dict[str, object], bool]) -> None:
    """Where a written line can be read, each field shows the text that it was written with."""
    text, values, omit = exchange
    log = AccessLogFormat(text, omit_empty_values=omit)
    line = log.format(values)
    assert log.count_parses(line, names="strict") > 0
    try:
        entry = log.parse(line)
    except (LogFormatError, LogParseError):
        return
    for command in log.commands:
        alone = AccessLogFormat(str(command), omit_empty_values=omit)
        assert entry.text(command.text) == alone.format(values)
    assert log.format(entry) == line


def test_a_list_that_lost_an_item_may_be_ambiguous_inside() -> None:
    """A mixed string that can be cut in several ways is ambiguous there, too, and never no match."""
    log = AccessLogFormat.json({"a": ["%PROTOCOL%", "%REQ(A)% %REQ(B)%"]}, omit_empty_values=True)
    assert log.parse('{"a":["x y"]}')["REQ(B)"] == "y"
    with pytest.raises(LogParseError, match="ambiguous"):
        log.parse('{"a":["x y z"]}')


@st.composite
def json_exchanges(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object], bool]:
    """A JSON format of nested members, lists and mixed strings, values for it, and whether empty ones are left out."""
    names = draw(st.lists(st.sampled_from(sorted(_VALUES)), min_size=1, max_size=6, unique=True))
    leaves: list[object] = []
    for name in names:
        before, after = draw(_LITERALS), draw(_LITERALS)
        leaves.append(draw(st.sampled_from([f"%{name}%", f"{before}%{name}%{after}", [f"%{name}%"]])))
    constants = st.none() | st.booleans() | st.integers(-9, 10**9) | st.sampled_from([0.5, 1e21, "é", ""])
    members = dict(zip('bdace"', leaves, strict=False))
    tree = {
        "z": {"inner": members, "constant": draw(constants)},
        **({"a": draw(constants)} if draw(st.booleans()) else {}),
    }
    return tree, {name: draw(_VALUES[name]) for name in names}, draw(st.booleans())


@given(json_exchanges())
def test_json_lines_are_read_back(exchange: tuple[dict[str, object], dict[str, object], bool]) -> None:
    """Where a written line can be read, it is written again to the same bytes, and single commands have their value."""
    tree, values, omit = exchange
    log = AccessLogFormat.json(tree, omit_empty_values=omit)
    line = log.format(values)
    ways = log.parser().count(line)
    assert ways > 0
    if ways > 1:
        return
    entry = log.parse(line)
    assert log.format(entry) == line
    for name in filter(lambda name: values[name] not in ("", "-"), values):
        alone = AccessLogFormat.json({"v": f"%{name}%"})
        assert isinstance(values[name], int) or alone.format(entry) == alone.format(values)


def _brute_force(log: AccessLogFormat, line: str) -> int:
    """Count the ways by trying every end of every field."""
    pieces = log.pieces

    def ways(number: int, rest: str) -> int:
        if number == len(pieces):
            return rest == ""
        piece = pieces[number]
        if isinstance(piece, str):
            return ways(number + 1, rest[len(piece) :]) if rest.startswith(piece) else 0
        alone = AccessLogFormat(str(piece))
        return sum(ways(number + 1, rest[end:]) for end in range(len(rest) + 1) if alone.count_parses(rest[:end]) > 0)

    return ways(0, line)


@given(
    st.lists(st.sampled_from(["RESPONSE_CODE", "REQ(A)", "RESPONSE_FLAGS", "ROUTE_NAME", "REQ(B)"]), max_size=3),
    st.lists(st.sampled_from([" ", "-", "A ", ""]), min_size=4, max_size=4),
    st.text("A1- ", max_size=7),
)
def test_the_count_is_that_of_trying_everything(names: list[str], literals: list[str], line: str) -> None:
    """No line is read two ways unseen: the program counts what brute force counts."""
    text = literals[0] + "".join(f"%{name}%{literals[number + 1]}" for number, name in enumerate(names))
    log = AccessLogFormat(text)
    assert log.count_parses(line) == min(_brute_force(log, line), 2)


@given(st.binary(max_size=200))
def test_random_bytes_never_crash(data: bytes) -> None:
    """Any bytes are an entry, or a LogParseError with a reason."""
    for name in ("istio-text", "istio-1.5-text", "istio-json"):
        with pytest.raises(LogParseError) as caught:
            AccessLogFormat.preset(name).parse(data)
        assert caught.value.reason == "no_match"
