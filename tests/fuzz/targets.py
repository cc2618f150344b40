"""What is fuzzed: functions of bytes that fail where the library breaks a promise, and inputs to begin from."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import meshegress
from meshegress import _purematch as readable
from meshegress._match import DomainTable, PrefixTable, ServerNameTable, host_matches, host_subset_of
from meshegress.regex import PatternError, UnsupportedPatternError, is_valid_re2
from meshegress.regex.automaton import Automaton
from meshegress.regex.syntax import parse

# What separates the rows of a table, and the table from what is looked up.
ROW, PART = "\n", "\x1e"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise, as a function of bytes that raises where it is broken."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def names(data: bytes) -> None:
    """Both twins find the same names and prefixes, one by one and in lists."""
    text = data.decode("utf-8", "surrogateescape")
    rows, _, asked = text.partition(PART)
    tables = [row.split(",") for row in rows.split(ROW)]
    texts = asked.split(ROW)
    for kind, other in ((DomainTable, readable.DomainTable), (ServerNameTable, readable.ServerNameTable)):
        expected = [other(tables).find(text) for text in texts]
        assert [kind(tables).find(text) for text in texts] == expected
        assert kind(tables).find_many(texts) == expected
    for one in tables[0]:
        assert host_matches(one, texts[0]) is readable.host_matches(one, texts[0])
        assert host_subset_of(one, texts[0]) is readable.host_subset_of(one, texts[0])


def prefixes(data: bytes) -> None:
    """Both twins read and find the same prefixes."""
    text = data.decode("utf-8", "surrogateescape")
    rows, _, asked = text.partition(PART)
    outcomes: list[object] = []
    for kind in (PrefixTable, readable.PrefixTable):
        try:
            outcomes.append(kind([row.split(",") for row in rows.split(ROW)]).find_many(asked.split(ROW)))
        except ValueError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def patterns(data: bytes) -> None:
    """Every text is a pattern or not, none hangs, and what runs matches what RE2 matches, where it is installed."""
    pattern, _, text = data.decode("utf-8", "replace").partition(PART)
    if not is_valid_re2(pattern):
        return
    try:
        matches = Automaton(pattern, parse(pattern)).fullmatch(text)
    except (UnsupportedPatternError, PatternError):
        return
    try:
        re2 = import_module("re2")
    except ImportError:
        return
    options = re2.Options()
    options.log_errors = False
    try:
        assert matches is (re2.compile(pattern, options).fullmatch(text) is not None)
    except re2.error:
        return


def resources(data: bytes) -> None:
    """Any text is a mesh with findings, or findings alone; nothing else escapes."""
    with suppress(meshegress.ResourceError):
        meshegress.check(data.decode("utf-8", "surrogateescape"))


def formats(data: bytes) -> None:
    """Any text is a format of access logs, or an error that says where it is none."""
    text = data.decode("utf-8", "surrogateescape")
    refused: meshegress.LogFormatError | None = None
    try:
        meshegress.AccessLogFormat(text)
    except meshegress.LogFormatError as error:
        refused = error
    assert refused is None or 0 <= refused.start <= refused.end <= len(text)


def lines(data: bytes) -> None:
    """A line that can be read is written back as it was."""
    for name in ("istio-text", "istio-1.5-text"):
        log = _preset(name)
        try:
            entry = log.parse(data)
        except meshegress.LogParseError:
            continue
        assert log.format_bytes(entry).rstrip(b"\n") == data.rstrip(b"\n")


@cache
def _preset(name: str) -> meshegress.AccessLogFormat:
    return meshegress.AccessLogFormat.preset(name)


_LINE = (
    b'[2020-04-30T03:10:48.456Z] "GET / HTTP/1.1" 200 - "-" "-" 0 2381 30 29 "-" "curl/7.64.0" "id" "a.com" '
    b'"1.2.3.4:80" outbound|80||a.com 10.0.0.1:1 1.2.3.4:80 10.0.0.1:2 - default'
)
_ENTRY = b"""apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: b}
spec:
  hosts: [a.com, "*.b.com"]
  addresses: [10.0.0.0/8]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""

_NAMES = (b"a.com,*.b.com\n*\x1ea.com:80\nx.b.com\n[::1]:80", b"*.a.*,a*\x1ex.a.*\n" + b"a" * 70)
_PREFIXES = (b"10.0.0.0/8\n10.1.0.0/16,::/0\x1e10.1.2.3\n2001:db8::1\n::ffff:1.2.3.4",)
_PATTERNS = (rb"(?i)a{2,3}|[^\d]*\b" + b"\x1eaA", rb"(?P<n>x+)\Qa.b\E$" + b"\x1exa.b", rb"\pL\x{41}(a|b)?" + b"\x1eb")
_RESOURCES = (_ENTRY, b"kind: List\nitems: []\n", b"a: &a [*a]\n", b'{"kind": "Service"}')
_FORMATS = (b"%START_TIME% %REQ(:METHOD)% %%\n", b"%REQ(X?Y):3% %PROTOCOL%", b"[%START_TIME(%s)%]")

TARGETS = {
    "names": Target(names, _NAMES),
    "prefixes": Target(prefixes, _PREFIXES),
    "patterns": Target(patterns, _PATTERNS),
    "resources": Target(resources, _RESOURCES),
    "formats": Target(formats, _FORMATS),
    "lines": Target(lines, (_LINE, _LINE[:-8])),
}

# Pieces that inputs drawn at random are put together from, beside the seeds.
PIECES = re.findall(rb"\w+|\W", b" ".join(seed for target in TARGETS.values() for seed in target.seeds))
