"""What a text format is, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshegress import AccessLogFormat, LogFormatError
from meshegress.accesslog.formatstring import Command, parse_format
from meshegress.accesslog.operator_table import OPERATORS


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("", [], id="an empty format is valid"),
        pytest.param("%%PROTOCOL%%", ["%PROTOCOL%"], id="doubled percent signs are text"),
        pytest.param("%%%PROTOCOL%%%", ["%", "%PROTOCOL%", "%"], id="doubling is greedy"),
        pytest.param("%REQ(A%B)%", ["%REQ(A%B)%"], id="an argument may hold a percent sign"),
        pytest.param("%START_TIME(%Y):%m)%", ["%START_TIME(%Y):%m)%"], id="an argument ends as early as it can"),
        pytest.param("%REQ(A):1%:2%%", ["%REQ(A):1%", ":2%"], id="a length ends the command"),
    ],
)
def test_pieces_of_a_format(text: str, pieces: list[str]) -> None:
    """Literals and commands come in order, percent signs undone."""
    assert [str(piece) for piece in parse_format(text)] == pieces


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        pytest.param("100%", 3, 4, id="a lone percent sign"),
        pytest.param("é%", 1, 2, id="the place counts characters"),
        pytest.param("%REQ(A)% %REQ(B", 9, 13, id="no end"),
        pytest.param("%NOPE% %", 0, 6, id="the first fault is told"),
        pytest.param("a %REQ(X)):1% b", 2, 13, id="an argument that is not a header"),
        pytest.param("%DURATION:5%", 0, 12, id="a length that is not allowed"),
        pytest.param("%REQ_WITHOUT_QUERY(:PATH)%", 0, 26, id="an extension that is not configured"),
    ],
)
def test_place_of_a_refusal(text: str, start: int, end: int) -> None:
    """The error says which part of the format is at fault."""
    with pytest.raises(LogFormatError) as caught:
        AccessLogFormat(text)
    assert (caught.value.start, caught.value.end) == (start, end)


def test_the_table_has_every_operator() -> None:
    """164 are built in, two come with extensions, and six names are Kuma's."""
    assert len(OPERATORS) == 172
    extensions = [name for name, one in OPERATORS.items() if one.extension and not name.startswith("KUMA_")]
    assert extensions == ["FILE_CONTENT", "REQ_WITHOUT_QUERY"]


@given(st.text("%aA(:)5REQ_DURATION\n é"))
def test_a_format_gives_its_text_back(text: str) -> None:
    """What compiles is written as it was read."""
    try:
        pieces = parse_format(text)
    except LogFormatError:
        return
    shown = (str(p) if isinstance(p, Command) else p.replace("%", "%%") for p in pieces)
    assert "".join(shown) == text
