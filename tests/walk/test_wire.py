"""What Envoy sees of the first bytes."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshegress.wire import (
    CODEC_REPLIES,
    CodecError,
    Head,
    HttpVerdict,
    TlsVerdict,
    is_plain,
    see_bytes,
    see_http1,
    see_http2,
    write_http1,
)
from meshegress.wire.clienthello import ClientHello, read_client_hello

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "first_bytes.yaml").read_text(encoding="utf-8"))


def hello(name: str | None, protocols: list[str]) -> bytes:
    """Return the first flight of OpenSSL's client."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    sent = ssl.MemoryBIO()
    connection = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        connection.do_handshake()
    return sent.read()


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_first_bytes(case: dict[str, str]) -> None:
    """Each way to begin has the verdicts that were recorded from Envoy."""
    sight = see_bytes(case["bytes"].encode("latin-1"))
    codec = sight.codec_error or (CodecError.LOW_VERSION if sight.http_10 else sight.request_error)
    assert (sight.tls.name, sight.http.name, codec.name) == (case["tls"], case["http"], case["codec"])


@pytest.mark.parametrize(
    ("name", "protocols"),
    [
        pytest.param("b.example.com", ["h2", "http/1.1"], id="both"),
        pytest.param(None, [], id="neither"),
        pytest.param("a.com", [], id="a name alone"),
    ],
)
def test_client_hello_of_a_real_client(name: str | None, protocols: list[str]) -> None:
    """Server name and ALPN are read from what OpenSSL sends."""
    assert read_client_hello(hello(name, protocols)) == (False, ClientHello(name, tuple(protocols)))


def test_client_hello_is_waited_for_to_its_last_byte() -> None:
    """Every beginning of a ClientHello asks for more."""
    whole = hello("a.com", ["h2"])
    assert {read_client_hello(whole[:size]) for size in range(len(whole))} == {(True, None)}


def test_client_hello_may_span_records() -> None:
    """A message that is cut into two records is put together again."""
    whole = hello("a.com", [])
    head, body = whole[:3], whole[5:]
    parts = [body[:20], body[20:]]
    cut = b"".join(head + len(part).to_bytes(2, "big") + part for part in parts)
    assert read_client_hello(cut) == read_client_hello(whole)


@given(st.binary(max_size=80))
def test_any_bytes_have_a_verdict(data: bytes) -> None:
    """Whatever comes, there is an answer; the client hello's prefix makes the parser work."""
    for start in (b"", bytes.fromhex("1603010040010000"), b"GET / HTTP/1.1\r\n", b"GET http://"):
        sight = see_bytes(start + data)
        assert sight.head is None or sight.codec_error is CodecError.NONE


def test_absolute_form_names_the_authority() -> None:
    """The URL's host replaces Host; its user is dropped."""
    head = see_bytes(b"GET https://u:p@b.com:8/x?y HTTP/1.1\r\nHost: a\r\n\r\n").head
    assert head is not None
    assert (head.authority, head.target, head.scheme) == ("b.com:8", "/x?y", "https")


def test_two_hosts_are_joined() -> None:
    """Two Host headers are one authority."""
    head = see_bytes(b"GET / HTTP/1.1\r\nHost: a.com\r\nhost: b.com\r\n\r\n").head
    assert head is not None
    assert head.authority == "a.com,b.com"


@pytest.mark.parametrize(
    ("head", "error"),
    [
        pytest.param(Head("GET", "a.com", "/"), CodecError.NONE, id="plain"),
        pytest.param(Head("M-SEARCH", "a.com", "/"), CodecError.NONE, id="any method goes"),
        pytest.param(Head("GET", None, "/"), CodecError.MESSAGING_RULE, id="no authority"),
        pytest.param(Head("GET", None, "/", (("Host", "a"),)), CodecError.NONE, id="host stands in"),
        pytest.param(Head("GET", "u@a.com", "/"), CodecError.INVALID_FIELD, id="a user"),
        pytest.param(Head("GET", "a b", "/"), CodecError.INVALID_FIELD, id="a space"),
        pytest.param(Head("GET", "a", "/", (("Upgrade", "x"),)), CodecError.MESSAGING_RULE, id="a connection header"),
    ],
)
def test_http2(head: Head, error: CodecError) -> None:
    """HTTP/2 has its own rules, and resets the stream."""
    sight = see_http2(head)
    assert (sight.http, sight.codec_error) == (HttpVerdict.H2C, error)


@given(
    st.sampled_from(["GET", "get", "POST", "CONNECT", "OPTIONS", ""]),
    st.one_of(st.none(), st.text("aA.:[]@ é/\x00\r\n", max_size=5)),
    st.text("/a*?#: é\x7f\n", max_size=5),
    st.sampled_from([(), (("x", "1"),), (("x y", "1"),), (("Host", "b"),), (("x", "a\nb: c"),)]),
)
def test_a_plain_head_needs_no_bytes(
    method: str, host: str | None, target: str, headers: tuple[tuple[str, str], ...]
) -> None:
    """What is taken for plain is read the same from its bytes."""
    head = Head(method, host, target, headers)
    seen, written = see_http1(head, "HTTP/1.1"), see_bytes(write_http1(head, "HTTP/1.1"))
    shown = [(s.tls, s.http, s.codec_error, s.request_error, s.http_10) for s in (seen, written)]
    assert shown[0] == shown[1]
    if host is not None and is_plain(method, host, target, headers) and written.head:
        assert (written.head.authority, written.head.target) == (host, target)


def test_every_error_but_waiting_has_a_reply() -> None:
    """The table of replies is whole."""
    assert set(CodecError) - set(CODEC_REPLIES) == {CodecError.NONE, CodecError.WAITS}


def test_a_hello_in_plaintext_http_is_none() -> None:
    """Text is not TLS as soon as five bytes are there."""
    assert see_bytes(b"GET /").tls is TlsVerdict.PLAIN
