"""The matching rules, case by case, on both twins."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

NO_MATCH = -1

DOMAINS = {
    "exact": (["a.com"], "a.com", True),
    "exact is whole": (["a.com"], "b.a.com", False),
    "domain in upper case": (["A.Com"], "a.com", True),
    "authority in upper case": (["a.com"], "A.COM", True),
    "É is not é": (["é.com"], "É.com", False),
    "É stays": (["É.com"], "É.COM", True),
    "İ is one letter": (["İ.com"], "İ.COM", True),
    "İ is not i": (["i̇.com"], "İ.com", False),
    "K of Kelvin is not k": (["k.com"], "\u212a.com", False),
    "port is cut": (["a.com"], "a.com:80", True),
    "port need not be a number": (["a.com"], "a.com:xyz", True),
    "port may be empty": (["a.com"], "a.com:", True),
    "only the last colon cuts": (["a.com"], "a.com:80:90", False),
    "what is left of two ports": (["a.com:80"], "a.com:80:90", True),
    "domain with a port is never found": (["a.com:80"], "a.com:80", False),
    "bracketed address": (["[::1]"], "[::1]", True),
    "bracketed address with port": (["[::1]"], "[::1]:80", True),
    "bare IPv6 is mangled": (["2001:db8::2"], "2001:db8::2", False),
    "bracket after the colon keeps it": (["a:b]"], "a:b]", True),
    "bracket before the colon does not": (["a]"], "a]:b", True),
    "wildcard covers a label": (["*.foo.com"], "x.foo.com", True),
    "wildcard covers labels": (["*.foo.com"], "x.y.foo.com", True),
    "wildcard covers no empty label": (["*.foo.com"], ".foo.com", False),
    "wildcard does not cover the parent": (["*.foo.com"], "foo.com", False),
    "wildcard within a label": (["*-foo.com"], "a-foo.com", True),
    "wildcard before a label": (["*foo.com"], "xfoo.com", True),
    "wildcard needs a character": (["*foo.com"], "foo.com", False),
    "wildcard in upper case": (["*.FOO.com"], "x.foo.COM", True),
    "wildcard and port": (["*.foo.com"], "x.foo.com:443", True),
    "wildcard text with a star": (["*.a.*"], "x.a.*", True),
    "wildcard text with a star is text": (["*.a.*"], "x.a.com", False),
    "star inside is text": (["a.*.com"], "a.b.com", False),
    "star inside is found as text": (["a.*.com"], "a.*.com", True),
    "two stars end in a star": (["**"], "a*", True),
    "two stars need a character": (["**"], "*", False),
    "two stars do not end otherwise": (["**"], "ab", False),
    "prefix": (["foo.*"], "foo.com", True),
    "prefix needs a character": (["foo.*"], "foo.", False),
    "prefix is not cut at a label": (["foo*"], "food", True),
    "prefix and port": (["foo.*"], "foo.:80", False),
    "every": (["*"], "a.com", True),
    "every takes the empty authority": (["*"], "", True),
    "empty domain": ([""], "", True),
    "empty domain, only a port": ([""], ":80", True),
    "empty authority, wildcard": (["*.com"], "", False),
    "trailing dot counts": (["a.com"], "a.com.", False),
    "trailing dot is text": (["a.com."], "a.com.", True),
    "no domain": ([], "a.com", False),
    "NUL is a character": (["*\0.com"], "\0\0.com", True),
    "NUL is not an end": (["a\0b"], "a", False),
    "NUL in front is not a padding": (["a.com"], "\0a.com", False),
    "lone surrogate": (["*.\ud800"], "a.\ud800", True),
    "surrogates are not the letter that they spell": (["\U00010000"], "\ud800\udc00", False),
    "Latin-1": (["*.müller.de"], "x.MüLLER.de", True),
    "long exact": (["a" * 300], "A" * 300, True),
    "long exact, one letter off in front": (["a" * 300], "b" + "a" * 299, False),
    "long exact, one letter off at the end": (["a" * 300], "a" * 299 + "b", False),
    "long suffix": (["*." + "a" * 300], "x." + "a" * 300, True),
    "long suffix needs a character": (["*." + "a" * 300], "." + "a" * 300, False),
    "long prefix": (["a" * 300 + "*"], "a" * 300 + "x", True),
    "short suffix of a long name": (["*.com"], "a" * 300 + ".com", True),
    "63 characters": (["*" + "." * 62], "." * 63, True),
    "64 characters": (["*" + "." * 63], "." * 64, True),
    "65 characters": (["*" + "." * 64], "." * 65, True),
    "65 characters, suffix of 65": (["*" + "." * 65], "." * 65, False),
}


@pytest.mark.parametrize(("domains", "authority", "found"), DOMAINS.values(), ids=DOMAINS)
def test_domain(matcher: ModuleType, domains: list[str], authority: str, found: bool) -> None:
    """A virtual host serves what Envoy lets it serve."""
    assert matcher.DomainTable([domains]).find(authority) == (0 if found else NO_MATCH)


ORDER = [["*"], ["a*"], ["*.com"], ["*.b.com"], ["*b.com"], ["a.b.*"], ["a.b.com"], ["a.b.com", "*.com", "a*", "*"]]


@pytest.mark.parametrize(
    ("authority", "row"),
    [
        pytest.param("a.b.com", 6, id="exact first"),
        pytest.param("c.b.com", 3, id="then the longest suffix"),
        pytest.param("cb.com", 4, id="a suffix may begin anywhere"),
        pytest.param("a.c.com", 2, id="any suffix before a prefix"),
        pytest.param("a.b.org", 5, id="then the longest prefix"),
        pytest.param("a.org", 1, id="then a shorter one"),
        pytest.param("b.org", 0, id="then every"),
    ],
)
def test_domain_order(matcher: ModuleType, authority: str, row: int) -> None:
    """Exact names win, then the longest suffix, then the longest prefix, then ``*``; the first row that names it."""
    assert matcher.DomainTable(ORDER).find(authority) == row


SERVER_NAMES = {
    "exact": (["a.com"], "a.com", True),
    "upper case shown": (["a.com"], "A.COM", True),
    "upper case asked for": (["A.com"], "a.com", True),
    "É stays": (["É.com"], "é.com", False),
    "trailing dot counts": (["a.com"], "a.com.", False),
    "suffix": (["*.a.com"], "b.a.com", True),
    "suffix of labels": (["*.a.com"], "x.y.a.com", True),
    "suffix itself": (["*.a.com"], "a.com", False),
    "suffix with an empty label": (["*.a.com"], ".a.com", True),
    "suffix with two dots": (["*.com"], "a..com", True),
    "suffix is made of labels": (["*.a.com"], "ba.com", False),
    "a final dot begins no suffix": (["*."], "a.", False),
    "only a dot": (["*."], ".", True),
    "no port is cut": (["a.com"], "a.com:443", False),
    "address": (["10.0.0.1"], "10.0.0.1", True),
    "no name asked for": ([], "a.com", True),
    "empty name asked for": ([""], "a.com", True),
    "no name shown": ([], "", True),
    "no name shown, name asked for": (["a.com"], "", False),
    "star alone is text": (["*"], "a.com", False),
    "long": (["*." + "b" * 300], "a." + "b" * 300, True),
    "long, many labels": (["*." + "b." * 200 + "c"], "a." + "b." * 200 + "c", True),
    "suffix of a long name": (["*.com"], "a." * 200 + "com", True),
    "non-ASCII": (["*.é"], "a.é", True),
}


@pytest.mark.parametrize(("names", "shown", "found"), SERVER_NAMES.values(), ids=SERVER_NAMES)
def test_server_name(matcher: ModuleType, names: list[str], shown: str, found: bool) -> None:
    """A filter chain takes the server names that Envoy lets it take."""
    assert matcher.ServerNameTable([names]).find(shown) == (0 if found else NO_MATCH)


@pytest.mark.parametrize(
    ("shown", "row"),
    [
        pytest.param("a.b.com", 3, id="exact first"),
        pytest.param("c.b.com", 2, id="then the longest suffix"),
        pytest.param("x.c.b.com", 2, id="labels are dropped from the left"),
        pytest.param("c.com", 1, id="a shorter suffix"),
        pytest.param("c.org", 0, id="then no name"),
    ],
)
def test_server_name_order(matcher: ModuleType, shown: str, row: int) -> None:
    """Exact names win, then the longest suffix of labels, then the row without names; the first row that names it."""
    rows = [[], ["*.com"], ["*.b.com"], ["a.b.com"], ["*.b.com", "a.b.com", ""]]
    assert matcher.ServerNameTable(rows).find(shown) == row


PREFIXES = {
    "inside": (["10.0.0.0/8"], "10.1.2.3", True),
    "outside": (["10.0.0.0/8"], "11.0.0.0", False),
    "last of it": (["10.0.0.0/8"], "10.255.255.255", True),
    "host bits are masked": (["10.1.2.3/8"], "10.9.9.9", True),
    "address alone": (["10.1.2.3"], "10.1.2.3", True),
    "address alone is whole": (["10.1.2.3"], "10.1.2.4", False),
    "length 0": (["1.2.3.4/0"], "255.255.255.255", True),
    "length 0 of the other family": (["0.0.0.0/0"], "::1", False),
    "length 0 of IPv6": (["::/0"], "1.2.3.4", False),
    "no prefix holds IPv4": ([], "1.2.3.4", True),
    "no prefix holds IPv6": ([], "::1", True),
    "no prefix holds no name": ([], "a.com", False),
    "IPv6": (["2001:db8::/32"], "2001:db8:ffff::1", True),
    "IPv6 outside": (["2001:db8::/32"], "2001:db9::", False),
    "IPv6 below 64 bits": (["2001:db8::/96"], "2001:db8::1:0:1", False),
    "IPv6 of 127 bits": (["::2/127"], "::3", True),
    "IPv6 in upper case": (["2001:DB8::/32"], "2001:dB8::1", True),
    "IPv6 with IPv4 at its end": (["::ffff:10.0.0.0/104"], "::ffff:10.1.1.1", True),
    "mapped is not IPv4": (["::ffff:10.0.0.0/104"], "10.1.1.1", False),
    "IPv4 is not mapped": (["10.0.0.0/8"], "::ffff:10.1.1.1", False),
    "last IPv6": (["ffff::/16"], "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", True),
    "zone": (["fe80::/10"], "fe80::1%eth0", False),
    "leading zero": (["10.0.0.0/8"], "10.0.0.01", False),
    "three numbers": (["10.0.0.0/8"], "10.0.0", False),
    "empty": (["0.0.0.0/0"], "", False),
    "NUL after": (["10.0.0.0/8"], "10.0.0.1\0", False),
    "digit that is not ASCII": (["10.0.0.0/8"], "10.0.0.\u0661", False),
}


@pytest.mark.parametrize(("prefixes", "address", "found"), PREFIXES.values(), ids=PREFIXES)
def test_prefix(matcher: ModuleType, prefixes: list[str], address: str, found: bool) -> None:
    """A prefix holds the addresses of its own family whose first bits are its own."""
    assert matcher.PrefixTable([prefixes]).find(address) == (0 if found else NO_MATCH)


def test_a_name_is_no_suffix(matcher: ModuleType) -> None:
    """The end of a long server name is not a suffix only because it is a name and as long as a suffix."""
    table = matcher.ServerNameTable([["*." + "b" * 70], ["*.ab"], ["cab"]])
    assert table.find("x" * 70 + "cab") == NO_MATCH
    assert table.find("x" * 70 + ".ab") == 1


@pytest.mark.parametrize(
    ("address", "row"),
    [("10.1.2.3", 3), ("10.1.2.4", 2), ("10.1.3.0", 1), ("10.2.0.0", 0), ("9.255.255.255", -1), ("11.0.0.0", -1)],
)
def test_longest_prefix_wins(matcher: ModuleType, address: str, row: int) -> None:
    """The longest prefix wins, whatever the order; of two that are the same, the first row."""
    rows = [["10.0.0.0/8"], ["10.1.0.0/16"], ["10.1.2.0/24"], ["10.1.2.3/32"], ["10.1.2.3", "10.0.0.0/8"]]
    assert matcher.PrefixTable(rows).find(address) == row


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "/8",
        "a.com/8",
        "1.2.3.4/+8",
        "1.2.3.4/8/8",
        "1.2.3.4/255.0.0.0",
        "::1%lo/128",
        "1.2.3.4/0008",
        "1.2.3.4/8 ",
    ],
)
def test_what_is_no_prefix(matcher: ModuleType, text: str) -> None:
    """A text that is not a prefix is told when the table is made."""
    with pytest.raises(ValueError, match=f"^`{re.escape(text)}` is not a prefix$"):
        matcher.PrefixTable([[text]])


HOSTS = {
    # (one, other): (overlap, one within other, other within one)
    "same": ("foo.com", "foo.com", True, True, True),
    "different": ("foo.com", "bar.com", False, False, False),
    "case counts": ("Foo.com", "foo.com", False, False, False),
    "name in wildcard": ("foo.com", "*.com", True, True, False),
    "wildcard and its parent": ("*.foo.com", "foo.com", False, False, False),
    "star and name": ("*", "foo.com", True, False, True),
    "star and wildcard": ("*", "*.com", True, False, True),
    "star and star": ("*", "*", True, True, True),
    "star and nothing": ("*", "", True, False, True),
    "wildcard stands for no text too": ("*.com", ".com", True, False, True),
    "narrower wildcard": ("*.a.com", "*.com", True, True, False),
    "other wildcard": ("*.a.com", "*.b.com", False, False, False),
    "two stars": ("**", "*", True, True, False),
    "star inside is text": ("a.*.com", "*.com", True, True, False),
    "empty": ("", "", True, True, True),
}


@pytest.mark.parametrize(("one", "other", "overlap", "within", "holds"), HOSTS.values(), ids=HOSTS)
def test_hosts(matcher: ModuleType, one: str, other: str, overlap: bool, within: bool, holds: bool) -> None:
    """Names in resources overlap and hold each other as Istio has it: a star stands for any text, even none."""
    answers = matcher.host_matches(one, other), matcher.host_subset_of(one, other), matcher.host_subset_of(other, one)
    assert answers == (overlap, within, holds)
    assert matcher.host_matches(other, one) is overlap


class Text(str):
    """A string that is not exactly one."""


@pytest.mark.parametrize("wrong", [None, b"a.com", 7, Text("a.com"), ["a.com"]], ids=repr)
@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable", "PrefixTable"])
def test_only_text_is_looked_up(matcher: ModuleType, table: str, wrong: object) -> None:
    """What is not exactly ``str`` is refused in the same words, in a lookup, in a batch and in a row."""
    message = f"^expected str, not {type(wrong).__name__}$"
    kind = getattr(matcher, table)
    with pytest.raises(TypeError, match=message):
        kind([]).find(wrong)
    with pytest.raises(TypeError, match=message):
        kind([]).find_many(["a", wrong])
    with pytest.raises(TypeError, match=message):
        kind([[wrong]])


@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable", "PrefixTable"])
def test_only_a_list_is_a_batch(matcher: ModuleType, table: str) -> None:
    """A batch is a list."""
    with pytest.raises(TypeError, match=r"^expected list, not tuple$"):
        getattr(matcher, table)([]).find_many(("a",))


@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable", "PrefixTable"])
def test_a_name_is_no_row(matcher: ModuleType, table: str) -> None:
    """A row that is one text is a slip, and told."""
    with pytest.raises(TypeError, match=r"^a row is a sequence of names, not a name$"):
        getattr(matcher, table)(["a.com"])


@pytest.mark.parametrize("question", ["host_matches", "host_subset_of"])
@pytest.mark.parametrize("wrong", [None, b"a.com", Text("a.com")], ids=repr)
def test_hosts_are_text(matcher: ModuleType, question: str, wrong: object) -> None:
    """What is not exactly ``str`` is refused on either side."""
    for pair in ((wrong, "a"), ("a", wrong)):
        with pytest.raises(TypeError, match=f"^expected str, not {type(wrong).__name__}$"):
            getattr(matcher, question)(*pair)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
@pytest.mark.parametrize("table", ["DomainTable", "ServerNameTable", "PrefixTable"])
def test_batch_is_one_by_one(matcher: ModuleType, table: str, count: int) -> None:
    """A batch of any size finds what single lookups find."""
    rows = [[f"10.0.0.{number}"] for number in range(0, 100, 3)]
    texts = [f"10.0.0.{number}" for number in range(count)]
    matched = getattr(matcher, table)(rows)
    assert matched.find_many(texts) == [number // 3 if number % 3 == 0 else NO_MATCH for number in range(count)]
    assert matched.find_many(texts) == [matched.find(text) for text in texts]
