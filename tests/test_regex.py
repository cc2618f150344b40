"""Regular expressions are RE2's: which are taken, what they match, and that none can hang."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress.regex import PatternError, Regex, UnsupportedPatternError, automaton, compile_regex, is_valid_re2
from meshegress.regex.automaton import Automaton
from meshegress.regex.syntax import parse


def own(pattern: str) -> Automaton:
    """Return *pattern* for the automaton that needs no extra package."""
    return Automaton(pattern, parse(pattern))


@pytest.fixture(params=["own", "google-re2"])
def engine(request: pytest.FixtureRequest) -> Callable[[str], Regex]:
    """Each of the two that run patterns, in turn."""
    if request.param == "own":
        return own
    pytest.importorskip("re2")
    return compile_regex


VALID = [
    "", "a|b|", "()", "(|a)*", "(?:)*", "^*", "$*", r"\b+", "a{2}", "a{2,}", "a{2,3}?", "a{1000}", "(a{10}){100}",
    "{", "a{",
    "a{,2}", "a{01}", "a{2", "{2", "]", "a]", "}", "[]a]", "[^]a]", "[a-]", "[-a]", "[[a]", "[[:alpha:][:^digit:]]",
    "[[:a]",
    r"[\d-z]", r"[\]]", r"\pL", r"\PL", r"\p{Lu}", r"\p{^Greek}", r"[\pN\P{Han}]", r"\p{Any}", r"\101", r"\12",
    r"\0", r"\x41",
    r"\x{10FFFF}", r"\x{000000041}", r"\Qa*b\E*", r"\Qa(b", r"\Q", r"\_\.\-\ ", r"\a\f\n\r\t\v", r"\A\z\B",
    "(?P<n>a)", "(?<n>a)",
    "(?i)a", "(?i-s:a)", "(?U)a*", "(?)", "(?s-s)", "a(?i)*", "a*(?i)*", "é", "(?P<n>a)(?P<n>b)", "a{0}",
    "((a{500}){0}){3}",
]  # fmt: skip

INVALID = [
    "(", ")", "a)", "(a", "*", "+a", "|*", "(*)", "(?i)*", "a**", "a*+", "a{2}{3}", "a{2}*", "a*??", "a{1001}",
    "a{3,2}", "a{1,1001}",
    "(a{11}){100}", "((a{2}){501})", "[", "[a", "[]", "[^]", "[b-a]", r"[a-\d]", "[[:foo:]]", r"[\b]", r"\1",
    r"(a)\1", r"\8", r"\Z",
    r"\C", r"\G", r"\q", r"\é", "\\", "a\\", r"\x", r"\x4", r"\xg1", r"\x{}", r"\x{110000}", r"\x{41", r"\p",
    r"\p{}", r"\p{Foo}",
    r"\p{Lu", r"\pX", "(?", "(?i", "(?-)", "(?i-)", "(?a)", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", "(?#a)",
    "(?P<a", "(?P<>a)",
    "(?P<a-b>a)", "(?<é>a)", "(?P=n)", "(?P>n)", "(?'n'a)", "\ud800", "(" * 1001 + ")" * 1001,
]  # fmt: skip


@pytest.mark.parametrize("pattern", VALID)
def test_what_istio_takes(pattern: str) -> None:
    """Istio's validation takes these, as Go's ``regexp`` does."""
    assert is_valid_re2(pattern)


@pytest.mark.parametrize("pattern", INVALID)
def test_what_istio_refuses(pattern: str) -> None:
    """Istio's validation refuses these; to compile one is an error that says why."""
    assert not is_valid_re2(pattern)
    with pytest.raises(PatternError, match="`"):
        compile_regex(pattern)


MATCHES = [
    pytest.param("a+", "aaa", True, id="repeated"),
    pytest.param("a", "ab", False, id="the whole text counts"),
    pytest.param("a|ab", "ab", True, id="the second choice may be the one"),
    pytest.param("", "", True, id="nothing"),
    pytest.param("a$", "a\n", False, id="dollar is the very end"),
    pytest.param(".", "\n", False, id="dot is not a newline"),
    pytest.param("(?s).", "\n", True, id="dot is every character"),
    pytest.param("(?m)a$\n^b", "a\nb", True, id="ends of lines"),
    pytest.param("a$\nb", "a\nb", False, id="no ends of lines"),
    pytest.param("[^a]", "\n", True, id="a negated class takes newline"),
    pytest.param(r"\w", "é", False, id="word characters are ASCII"),
    pytest.param(r"\d", "\u0661", False, id="digits are ASCII"),
    pytest.param(r"\s", "\v", False, id="vertical tab is not a space"),
    pytest.param(r"[[:space:]]", "\v", True, id="and is one in POSIX"),
    pytest.param(r"\s", "\u00a0", False, id="space is ASCII"),
    pytest.param("(?i)É", "é", True, id="case is folded beyond ASCII"),
    pytest.param("(?i)k", "\u212a", True, id="the sign of Kelvin is a k"),
    pytest.param("(?i)i", "İ", False, id="İ is not an i"),
    pytest.param("(?i)[^k]", "K", False, id="case is folded before a class is negated"),
    pytest.param("(?i:a)b", "AB", False, id="flags end with their group"),
    pytest.param("(a(?i)b)c", "aBC", False, id="and so with the one around"),
    pytest.param(r"a\b.c", "a-c", True, id="a word ends"),
    pytest.param(r"a\b.c", "abc", False, id="a word goes on"),
    pytest.param(r"\ba\B.c\b", "abc", True, id="words begin and end with the text"),
    pytest.param("x{2,3}", "xxxx", False, id="counted"),
    pytest.param("(ab){2,}", "ababab", True, id="counted without end"),
    pytest.param("(a*)*b|(a*)*", "aaa", True, id="repetition of what may be nothing"),
    pytest.param(r"\Q.*\E", ".*", True, id="quoted"),
    pytest.param(r"\pL+", "aé\u03b1", True, id="letters"),
    pytest.param(r"\P{Lu}", "A", False, id="no upper case"),
    pytest.param("\U0001f600", "\U0001f600", True, id="beyond the first plane"),
    pytest.param(".", "\ud800", True, id="a lone surrogate is a character"),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), MATCHES)
def test_what_matches(engine: Callable[[str], Regex], pattern: str, text: str, matches: bool) -> None:
    """Both engines match what RE2 matches."""
    assert engine(pattern).fullmatch(text) is matches


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "(a+a+)+b", "(.*.*.*.*)*b", "(a?){64}a{64}b", "(.*a){20}b", "((a{0,9}){0,9}){0,9}b"],
)
def test_nothing_hangs(pattern: str) -> None:
    """What kills a backtracking engine takes time linear in the text."""
    began = time.process_time()
    assert not own(pattern).fullmatch("a" * 5000)
    assert time.process_time() - began < 5


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern with more sets of states than are remembered still answers right."""
    monkeypatch.setattr(automaton, "MAX_REMEMBERED", 10)
    regex = own("(a|b)*a(a|b){8}")
    random.seed(1)
    text = "".join(random.choice("ab") for _ in range(2000))
    assert regex.fullmatch(text) is (text[-9] == "a")
    assert len(regex._steps) <= 10


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"\p{Greek}", "no table of script `Greek`"),
        (r"[a\p{Han}]", "no table of script `Han`"),
        ("((abcdef){100}){10}", "it needs too many states"),
        ("(a" * 300 + ")*" * 300, "it nests too deeply"),
    ],
    ids=["script", "script in a class", "large", "deep"],
)
def test_what_needs_the_extra(pattern: str, reason: str) -> None:
    """A valid pattern that cannot be run without ``google-re2`` is told, not guessed."""
    assert is_valid_re2(pattern)
    with pytest.raises(UnsupportedPatternError, match=reason):
        own(pattern)


_LEAVES = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\b", r"\B", "^", "$", r"\w", "(?i:A)", ""])
_PATTERNS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}"])).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=8,
)


@given(_PATTERNS, st.text("abA-\n", max_size=6))
def test_own_engine_agrees_with_re2(pattern: str, text: str) -> None:
    """The automaton matches what RE2 itself matches."""
    re2 = pytest.importorskip("re2")
    assert own(pattern).fullmatch(text) is (re2.fullmatch(pattern, text) is not None)
