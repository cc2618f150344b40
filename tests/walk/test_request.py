"""Requests: how they are made, and that they say the same however they are made."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshegress._engine.reference.walk import PackedRequest
from meshegress.errors import RequestError
from meshegress.request import Request, WireProtocol
from meshegress.request.urls import literal_address, plain_url, split_url

FIELDS = PackedRequest.__slots__
GIVEN = FIELDS[: FIELDS.index("destination")]


def everything(request: Request) -> dict[str, Any]:
    """Return every field of *request*, as given and as seen."""
    return {name: getattr(request, name) for name in FIELDS}


@given(
    st.sampled_from(["http", "https", "HTTP", "ws", "tcp"]),
    st.sampled_from(["", "u:p@"]),
    st.one_of(st.text("ab.-A1_é[:]", max_size=7), st.text("0125.a", min_size=7, max_size=12)),
    st.sampled_from(["", ":80", ":443", ":8080", ":0", ":070", ":65536", ":x"]),
    st.one_of(st.just(""), st.text("/a.?#%\\ é~", max_size=6).map("/".__add__)),
    st.sampled_from([None, "1.2.3.4", "2001:DB8::1"]),
)
@example("http", "", "a.b", ":8080", "/a?b", None)
@example("https", "", "a.b", "", "/", "1.2.3.4")
@example("https", "", "10.0.0.1", "", "/", "1.2.3.4")
@example("tcp", "", "10.0.0.1", ":8080", "", None)
@example("http", "", "1.2.3.4.b", ":8080", "", None)
@example("http", "", "1.2.3.04", "", "", None)
@example("http", "", "256.2.3.4", "", "", None)
def test_the_short_way_from_a_url_says_the_same(
    scheme: str, user: str, host: str, port: str, path: str, address: str | None
) -> None:
    """What is read off a plain URL is what the long way makes of it."""
    url = f"{scheme}://{user}{host}{port}{path}"
    try:
        request = Request.from_url(url, address=address)
    except RequestError:
        assert plain_url(url) is None
        return
    plain = plain_url(url)
    if plain is not None:
        told, name, literal, number, target = plain
        assert (told, name, number, target) == split_url(url)
        assert literal == literal_address(name)
    assert everything(request) == everything(Request(**{name: getattr(request, name) for name in GIVEN}))


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        pytest.param("http://a.com", {"port": 80, "host": "a.com", "path": "/", "name": "a.com"}, id="HTTP"),
        pytest.param("http://a.com:8080/b?c#d", {"port": 8080, "host": "a.com:8080", "path": "/b?c"}, id="a port"),
        pytest.param("https://A.com/", {"port": 443, "is_tls": True, "sni": "A.com", "server_name": "a.com"}, id="TLS"),
        pytest.param("https://1.2.3.4/", {"address": "1.2.3.4", "sni": None}, id="TLS to an address has no name"),
        pytest.param("http://[::1]:80/", {"address": "::1", "host": "[::1]"}, id="IPv6"),
        pytest.param("tcp://a.com:9", {"port": 9, "protocol": WireProtocol.RAW, "host": None}, id="bytes"),
        pytest.param("ws://a.com/", {"port": 80, "protocol": WireProtocol.HTTP}, id="a web socket"),
        pytest.param("http://u:p@a.com/", {"host": "a.com"}, id="a user is not sent"),
    ],
)
def test_from_url(url: str, fields: dict[str, Any]) -> None:
    """A URL says port, authority, path and server name."""
    assert {name: getattr(Request.from_url(url), name) for name in fields} == fields


@pytest.mark.parametrize(
    "url",
    ["a.com", "ftp://a.com/", "http://", "http://a.com:0/", "http://a.com:70000/", "http://a b/", "tcp://a.com",
     "http://[a]/", "http://a.com\n", "http://a.com:99999999999999999999/"],
)  # fmt: skip
def test_bad_url(url: str) -> None:
    """What is not a URL of a request is a RequestError that holds it."""
    with pytest.raises(RequestError) as caught:
        Request.from_url(url)
    assert caught.value.value == url


@pytest.mark.parametrize(
    "fields",
    [{"address": "1.2.3", "port": 80}, {"address": "a.com", "port": 80}, {"address": None, "port": 0},
     {"address": None, "port": True}, {"address": 5, "port": 80}],
)  # fmt: skip
def test_bad_address_or_port(fields: dict[str, Any]) -> None:
    """What is not an address or no port is a RequestError."""
    with pytest.raises(RequestError):
        Request(**fields)


def test_requests_are_values() -> None:
    """Equal by what was given, hashable, picklable, and frozen."""
    one, other = Request.http("a.com", address="::1"), Request.http("a.com", address="0::1")
    assert one == other
    assert len({one, other}) == 1
    assert everything(pickle.loads(pickle.dumps(one))) == everything(one)
    assert one != Request.http("a.com", address="::1", path="/x")
    with pytest.raises(AttributeError):
        one.port = 81


def test_a_request_moves_to_another_address() -> None:
    """Only the address changes."""
    request = Request.from_url("http://a.com/x", address="1.2.3.4")
    assert everything(request.to("::1")) == everything(Request.from_url("http://a.com/x", address="::1"))


def test_what_is_written_is_read_back() -> None:
    """A request is its own dictionary."""
    for request in (
        Request.http("a.com", "/x", headers={"x": "1"}, address="1.2.3.4"),
        Request.tls("a.com", alpn=["h2"]),
        Request.tcp("1.2.3.4", 9, b"\x00"),
        Request.tcp("1.2.3.4", 9),
    ):
        assert Request.from_dict(request.as_dict()) == request
