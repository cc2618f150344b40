"""The header x-forwarded-client-cert, read as Envoy 1.40.0 reads it."""

from __future__ import annotations

import pytest

from meshegress.accesslog.xfcc import client_certificate_field


@pytest.mark.parametrize(
    ("header", "uri"),
    [
        pytest.param("By=x;URI=a=b;Hash=1", "a=b", id="a value may hold an equals sign"),
        pytest.param("Hash=1,URI=;URI=two", "", id="the first element that has it, be it empty"),
        pytest.param("=v;URI", "", id="a name alone has an empty value"),
        pytest.param(" uRi = sp ;DNS =q", "sp", id="outer blanks and case do not count"),
        pytest.param('URI="a;b,c"', "a;b,c", id="quotes keep separators"),
        pytest.param('URI="a\\"b\\\\"', 'a"b\\', id="quotes and backslashes lose their backslash"),
        pytest.param('URI="a\\nb"', "a\\nb", id="other backslashes stay"),
        pytest.param('URI="a"b', '"a"b', id="only a wholly quoted value loses its quotes"),
        pytest.param('Hash=1;URI=a;DNS="x', None, id="a quote that is never closed"),
        pytest.param("uri=\\;dns=x", "\\", id="a backslash keeps no semicolon"),
        pytest.param('"uri"=a', None, id="names are not quoted"),
        pytest.param("DNS=a", None, id="no element has it"),
    ],
)
def test_uri(header: str, uri: str | None) -> None:
    """Elements end at commas, pairs at semicolons, neither in quotes."""
    assert client_certificate_field(header, "uri") == uri
