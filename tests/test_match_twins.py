"""The twins answer alike, whatever the names; and both as the rules written with regular expressions do."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshegress import _purematch as readable

# What separates, folds oddly, looks like something else, or is not text at all; and lengths around the window's.
ALPHABET = "..::**[]aAbBzZ09-_ÉéİiKk\u212aſ\0\ud800\udc00\U00010000@`[{\x7f\x80\xff"
LABELS = st.one_of(
    st.text(ALPHABET, max_size=6),
    st.sampled_from(["a", "com", "*", "", "a" * 31, "b" * 32, "C" * 63, "d" * 64, "E" * 300, "\0" * 8, "é" * 20]),
)
NAMES = st.lists(LABELS, max_size=5).map(".".join)
WILD = st.tuples(st.sampled_from(["", "*", "*.", "**", "."]), NAMES, st.sampled_from(["", "", "*", ".*", "."])).map(
    "".join
)
ROWS = st.lists(st.lists(WILD, max_size=4), max_size=6)
PORTS = st.sampled_from(["", "", "", ":80", ":", "::", ":x]", "]", ":\u0661"])


def _but_first(text: str) -> str:
    return text[1:]


def _but_last(text: str) -> str:
    return text[:-1]


def variants(rows: list[list[str]]) -> st.SearchStrategy[str]:
    """Return names that lie near those in *rows*: the same, longer, shorter, in other case, with a port."""
    known = [name for row in rows for name in row] or ["a.com"]
    near = st.tuples(st.sampled_from(["", "", "x", "x.", ".", "\0"]), st.sampled_from(known), PORTS)
    texts = near.map(lambda parts: parts[0] + parts[1].strip("*") + parts[2])
    changed = st.one_of(texts.map(str.upper), texts.map(str.swapcase), texts.map(_but_first), texts.map(_but_last))
    return st.one_of(texts, changed, st.tuples(NAMES, PORTS).map("".join))


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[list[str]], list[str]]:
    """Draw rows of a table, and texts to look up in it."""
    rows = draw(ROWS)
    return rows, draw(st.lists(variants(rows), max_size=20))


@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable"])
@given(question=questions())
@example(question=([["*\0"]], ["\0\0", "\0"]))
@example(question=([["*." + "b" * 70], ["*.ab"], ["cab"]], ["x" * 70 + "cab"]))
@example(question=([["a.\0"], ["*.\0"]], ["\0.\0", "a.\0", "\0a.\0"]))
@example(question=([["*" + "." * 64, "*" + "." * 65]], ["." * 64, "." * 65, "." * 66]))
def test_names_are_found_alike(compiled: ModuleType, table: str, question: tuple[list[list[str]], list[str]]) -> None:
    """Both twins find the same rows, one by one and in a batch."""
    rows, texts = question
    expected = [getattr(readable, table)(rows).find(text) for text in texts]
    fast = getattr(compiled, table)(rows)
    assert [fast.find(text) for text in texts] == expected
    assert fast.find_many(texts) == expected


@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable"])
@given(question=questions(), cut=st.integers(0, 6), more=st.lists(WILD, max_size=8), again=st.booleans())
@example(question=([["a", "b", "c", "d", "e", "f", "g", "h", "i"]], ["a", "j"]), cut=0, more=["j"], again=True)
def test_a_changed_table_is_the_table_of_what_is_left(
    compiled: ModuleType,
    table: str,
    question: tuple[list[list[str]], list[str]],
    cut: int,
    more: list[str],
    again: bool,
) -> None:
    """Names may go and come, also twice: what is found is what a new table finds, and the old table stays."""
    names = [name for row in question[0] for name in row] or ["a.com"]
    texts = [*question[1], *more, *(name.strip("*") for name in more)]
    gone = {_stored(table, name) for name in names[cut:]}
    kept = [_UNASKED if _stored(table, name) in gone else name for name in names]
    expected = getattr(readable, table)([[name] for name in (*kept, *more)])
    added = [(name, row) for row, name in enumerate(more, len(names))]
    for module in (readable, compiled):
        before = getattr(module, table)([[name] for name in names])
        found = [before.find(text) for text in texts]
        changed = before.with_changes(names[cut:], added)
        if again and not {_stored(table, name) for name in more} & {_stored(table, name) for name in kept}:
            changed = changed.with_changes(more, ()).with_changes((), added)
        assert [changed.find(text) for text in texts] == [expected.find(text) for text in texts]
        assert [before.find(text) for text in texts] == found


_UNASKED = "nobody asks for this"


def _stored(table: str, name: str) -> str:
    """Return what stands for *name* in a table, so that two writings of one name are one."""
    return readable.fold(name.removeprefix("*") if table == "ServerNameTable" and name.startswith("*.") else name)


def _pattern(domain: str) -> tuple[int, int, re.Pattern[str]]:
    """Return the rank of *domain*, less its length, and what it stands for; the least of those that fit wins."""
    name = re.escape(readable.fold(domain))
    if domain == "*":
        return 3, 0, re.compile("(?s:.*)")
    if domain.startswith("*"):
        return 1, -len(domain), re.compile(f"(?s:.+){name[2:]}")
    if domain.endswith("*"):
        return 2, -len(domain), re.compile(f"{name[:-2]}(?s:.+)")
    return 0, 0, re.compile(name)


@given(question=questions())
def test_domains_are_found_as_patterns_say(question: tuple[list[list[str]], list[str]]) -> None:
    """The reference twin finds what the least of all matching patterns says."""
    rows, texts = question
    patterns = [(*_pattern(domain), row) for row, domains in enumerate(rows) for domain in domains]
    table = readable.DomainTable(rows)
    for text in texts:
        host = readable.fold(re.fullmatch(r"(?s)(.*?)(?::[^:\]]*)?", text).group(1))  # type: ignore[union-attr]  # fits all
        fitting = [(rank, length, row) for rank, length, pattern, row in patterns if pattern.fullmatch(host)]
        assert table.find(text) == min(fitting, default=(0, 0, readable.NO_MATCH))[2]


@given(question=questions())
def test_server_names_are_found_as_patterns_say(question: tuple[list[list[str]], list[str]]) -> None:
    """The reference twin finds the longest of all names that are the server name or end it at a dot."""
    rows, texts = question
    names = [(readable.fold(name), row) for row, names in enumerate(rows) for name in names or [""]]
    known = [(name[1:] if name.startswith("*.") else name, row) for name, row in names]
    table = readable.ServerNameTable(rows)
    for text in texts:
        shown = readable.fold(text)
        fitting = [
            (-len(name), row)
            for name, row in known
            if name in (shown, "") or (re.fullmatch(f"(?s).+{re.escape(name)}", shown) and name[0] == "." != name)
        ]
        assert table.find(text) == min(fitting, default=(0, readable.NO_MATCH))[1]


IPV4 = st.one_of(st.ip_addresses(v=4).map(str), st.integers(0, 255).map("10.0.0.{}".format))
IPV6 = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.integers(0, 65535).map("2001:db8::{:x}".format),
    st.integers(0, 255).map("::ffff:10.0.0.{}".format),
)
PREFIXES = st.one_of(
    st.tuples(IPV4, st.integers(0, 32)).map("{0[0]}/{0[1]}".format),
    st.tuples(IPV6, st.integers(0, 128)).map("{0[0]}/{0[1]}".format),
    IPV4,
    IPV6,
)
ODD = st.one_of(
    st.text("0123456789abcdefF:.::%/ ", max_size=20),
    st.lists(st.sampled_from(["0", "1", "ff", "1234", "12345", "1.2.3.4", "", ":", "g"]), max_size=10).map(":".join),
    st.lists(st.sampled_from(["0", "00", "1", "255", "256", "1000", "", " 1", "\u0661"]), max_size=5).map(".".join),
)


@given(
    rows=st.lists(st.lists(PREFIXES, max_size=5), max_size=8), texts=st.lists(st.one_of(IPV4, IPV6, ODD), max_size=20)
)
@example(rows=[["::/0"], ["::/1"], ["8000::/1"], ["ffff::/16"]], texts=["::", "8000::", "ffff::", "7fff::"])
@example(rows=[["::1:0:0:0:0/64", "::2:0:0:0:0/127"]], texts=["::1:ffff:0:0:0", "::2:0:0:0:1", "::2:0:0:0:2"])
def test_prefixes_are_found_alike(compiled: ModuleType, rows: list[list[str]], texts: list[str]) -> None:
    """Both twins find the same rows, and take the same texts for addresses."""
    expected = [readable.PrefixTable(rows).find(text) for text in texts]
    fast = compiled.PrefixTable(rows)
    assert [fast.find(text) for text in texts] == expected
    assert fast.find_many(texts) == expected


@given(text=st.one_of(ODD, st.tuples(ODD, st.text("/0123456789 ", max_size=5)).map("".join)))
def test_prefixes_are_read_alike(compiled: ModuleType, text: str) -> None:
    """Both twins take the same texts for prefixes, and refuse others in the same words."""
    outcomes = []
    for matcher in (readable, compiled):
        try:
            matcher.PrefixTable([[text]])
            outcomes.append("taken")
        except ValueError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


@given(one=WILD, other=WILD, tail=st.integers(0, 3))
def test_hosts_compare_alike(compiled: ModuleType, one: str, other: str, tail: int) -> None:
    """Both twins say the same of two hosts, also of those that share an end."""
    for a, b in ((one, other), (one, "*" + one[tail:]), ("*" + one, one)):
        for question in ("host_matches", "host_subset_of"):
            assert getattr(compiled, question)(a, b) is getattr(readable, question)(a, b)
