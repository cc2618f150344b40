"""The short way through YAML says what the long way says, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshegress.loading.documents import BadDocumentError, read_documents
from meshegress.loading.plain_yaml import read_plain

SCALARS = [
    "a", "a.com", "80", "-1", "-", "--", "---", "...", "no", "~", "017", "0x1f", "1.5", ".nan", "1e3", "a b", "a  b ",
    "a:b", "http://a.b:80/c#d", "a:", ": a", "a: b", "a #b", "a#b", "#a", "*a", "&a b", "!a b", "!!str 1", "%a", "@a",
    "`a`", "?", "? a", "<<", "=", "|", "|-", "|+", "|2", ">", ">-", "'a'", "''", "'it''s'", "'a", '"a"', '""',
    '"a\\"b"', '"a\\n"', '"\\u0041"', '"\\x41"', '"\\ud83d"', '"a', "{}", "[]", "[a, b]", "[a,b]", "[ a, b ]",
    "[a, b", "[a,]", "[,]", "[a b]", "{a: b}", "{a:b}", "{a: }", "{a: b, a: c}", "{a: {b: [c, 'd']}}", "{a: b} c",
    "[a: b]", "{'a': 1}", "{'a':1}", "[a]]", "[80, no, 1:30]", "{a, b}", "a, b", "a]", "a}", '{"a": [1, null]}',
    "<<: {a: b}", "\t", "a\tb", "é", "[a] # c", "a # c", "'a' # c", "'a'# c", "[[[[]]]]", "{}{}", "a\\", "a'b", 'a"b',
    "- a", "-a", "- - a", "- {a: b}",
]  # fmt: skip
KEYS = ["a", "b", "c", "'a'", '"b"', "f:a", 'k:{"b":1}', ".", "a b", "<<", "a:", "80", "-a", "", "[a]", "{a: b}", "? a"]
ENDS = st.sampled_from(["", "", "", " ", "  # c", "#c", "\t"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Draw a line that could stand in a resource, or nearly."""
    indent = " " * draw(st.sampled_from([0, 0, 2, 2, 4, 4, 6, 1, 3]))
    dashes = draw(st.sampled_from(["", "", "", "- ", "- ", "- - ", "-  ", "-"]))
    key = draw(st.sampled_from(["", "", *(f"{key}: " for key in KEYS), *(f"{key}:" for key in KEYS[:7])]))
    return indent + dashes + key + draw(st.sampled_from(["", "", *SCALARS])) + draw(ENDS)


@st.composite
def shaped_texts(draw: st.DrawFn) -> str:
    """Draw a text that is nearly always YAML: collections in collections, in one of people's manners."""

    def block(depth: int, indent: int) -> list[str]:
        pad = " " * indent
        if depth == 0 or draw(st.booleans()):
            names = draw(st.lists(st.sampled_from(KEYS[:8]), min_size=1, max_size=3, unique=True))
            found = []
            for name in names:
                if depth and draw(st.booleans()):
                    found += [f"{pad}{name}:", *block(depth - 1, indent + draw(st.sampled_from([0, 2, 2, 4])))]
                else:
                    found.append(f"{pad}{name}: {draw(st.sampled_from(SCALARS))}")
                if draw(st.integers(0, 5)) == 0:
                    found.append(draw(st.sampled_from(["", "  ", f"{pad}# c", f"{pad}  deeper", f"{pad}    x: y"])))
            return found
        items = []
        for _ in range(draw(st.integers(1, 3))):
            inner = block(depth - 1, indent + 2)
            items += [f"{pad}- {inner[0].lstrip()}", *inner[1:]]
        return items

    return "\n".join(block(draw(st.integers(0, 3)), 0)) + draw(st.sampled_from(["\n", "\n", "", "\n\n"]))


def assert_agreement(text: str) -> bool:
    """Assert that what is read is read alike; return whether it is read at all."""
    plain = read_plain(text)
    if plain is None:
        return False
    try:
        slow = list(read_documents(text))
    except BadDocumentError as error:
        raise AssertionError(f"{text!r} is not YAML ({error}), and was read as {plain.value!r}") from error
    assert repr([plain.value]) == repr([document.value for document in slow] or [None]), text
    return True


@pytest.mark.hypothesis
@given(st.lists(lines(), max_size=7).map("\n".join), st.sampled_from(["", "\n", "\n\n"]))
@example("a: |\n  b\n c: d", "")
@example("a:\n- b\nc: d\n- e", "\n")
@example("a: b\n  c", "\n")
def test_drawn_lines_are_read_alike(text: str, end: str) -> None:
    """Whatever lines come together, the short way is right or silent."""
    assert_agreement(text + end)


@pytest.mark.hypothesis
@given(shaped_texts())
def test_shaped_texts_are_read_alike(text: str) -> None:
    """And so with what has the shape of YAML."""
    assert_agreement(text)


@pytest.mark.hypothesis
@given(st.lists(st.text(alphabet="ab #\n\"'\\|-", max_size=12), max_size=6), st.sampled_from(["|", "|-"]))
def test_blocks_of_text_are_read_alike(body: list[str], style: str) -> None:
    """A block of text ends where the YAML reader says that it ends."""
    assert_agreement(f"a: {style}\n" + "\n".join(f"  {line}" for line in body) + "\nb: c\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: 1\n", id="a key"),
        pytest.param("---\n# c\n\na: 1  # c\n", id="comments"),
        pytest.param("a:\n- b: c\n  d:\n    e: f\n- g\nh:\n  - - i\n    - j\n", id="lists"),
        pytest.param("a: |\n  b\n    c\n\n  # d\n\ne: |-\n  f\n", id="blocks of text"),
        pytest.param("a: {b: [c, 'd', \"e\"], f: {}}  # g\n", id="brackets"),
        pytest.param('f:metadata:\n  .: {}\n  k:{"a":1}: {}\n\'b c\': "d\\"\\n"\n', id="managedFields and quotes"),
        pytest.param("a:\nb:\n", id="nothing"),
    ],
)
def test_what_people_write_is_plain(text: str) -> None:
    """The short way takes what `kubectl` prints and what people write."""
    assert assert_agreement(text)


def test_depth_is_left_to_the_yaml_reader() -> None:
    """A mapping of a hundred levels is odd, in blocks and in brackets."""
    assert read_plain("\n".join(" " * depth + "a:" for depth in range(100))) is None
    assert read_plain("a: " + "[" * 100 + "]" * 100) is None
