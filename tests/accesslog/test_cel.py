"""CEL expressions that Envoy takes, and those that it refuses when it loads a format; recorded from Envoy 1.40.0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress.accesslog.cel import expression_fault


@pytest.mark.parametrize(
    "text",
    [
        *("a.size()[0] ? 'x' : -y", "{1: [2, 3,], 'a': .size(b)}", "!!a && x in [1u, 0x1F, 1.5e3, r'\\\\']", "!-1"),
        *('b"x" == """long "quotes" inside"""', ".a.b", "a ? b : c ? d : e", "has((a.b)) // why", "a.`b c`", "a.if"),
        *("[,]", "{,}", "1.e5", "1e400", "-9223372036854775808", "18446744073709551615u", "nope.nope", "1/0 + true"),
        *(
            "x.matches('a+')",
            "x.matches(y)",
            "x.getHours('UTC')",
            "type(a) == int",
            "a || b && c",
            "'\\x41\\101\\u0041'",
        ),
        *("google.protobuf.Int64Value{value: 1,}", "int{}", "(" * 32 + "a" + ")" * 32, "[" * 31 + "a" + "]" * 31),
        *("a" + ".b" * 31, "1" + " + 1" * 31, "a" + " && a" * 500, "-" * 500 + "a", "a" + " " * 99_999),
    ],
)
def test_accepted(text: str) -> None:
    """What can be parsed is accepted where its functions exist; other names need not."""
    assert expression_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "1 +", "a b", "a[x", "a)", "(a", "'open", "a ? b", "a ? b ? c : d : e", "[1,,2]", "[,a]", "size(a,)"),
        *("{1}", "if", "a.in", "1(2)", "-!a", "!--1", "a..b", "{a: 1, b}", "@", "rb'a'", "{a: b,,}", "`a`", "a.``"),
        *("99999999999999999999", "9223372036854775808", "--9223372036854775808", "18446744073709551616u", "a.?b"),
        *("'\\q'", "'\\x4'", "'\\400'", "'\\ud800'", "'\\U00110000'", "b'\\u0041'", "r'\\'", "'\\"),
        *("(" * 33 + "a" + ")" * 33, "[" * 32 + "a" + "]" * 32, "a" + ".b" * 32, "a" + "[0]" * 32, "a" + " " * 100_000),
    ],
)
def test_no_expression(text: str) -> None:
    """What cannot be parsed is refused, and so is what is nested too deeply."""
    assert expression_fault(text) is not None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("f()", "`f` is not a function of 0 arguments", id="no such function"),
        pytest.param("string(a)", "`string` is not a function of 1 arguments", id="one that is switched off"),
        pytest.param("a.size(b)", "`size` is not a function of one value and 1 arguments", id="too many arguments"),
        pytest.param("[1].map(x, x)", "`map` is not a function of one value and 2 arguments", id="a comprehension"),
        pytest.param("has(a)", "`has` asks for a field: write `has(a.b)`", id="has of no field"),
        pytest.param("a.matches('(')", "`(` is not a regular expression", id="a pattern that is none"),
        pytest.param("a.b{}", "`a.b` is not a message that Envoy knows", id="an unknown message"),
        pytest.param("1 + ", "the expression ends where an operand is expected", id="an end too early"),
    ],
)
def test_faults(text: str, fault: str) -> None:
    """The reason names what is at fault."""
    assert expression_fault(text) == fault


@given(st.text("()[]{}?:,.'\"ab1+-!<=&|in \\\n`r", max_size=30))
def test_no_text_ends_the_parser(text: str) -> None:
    """Any text is an expression or has a fault."""
    assert expression_fault(text) is None or expression_fault(text)
