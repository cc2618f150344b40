"""What is asked: URLs, requests in a file, and what a URL does not say of a request."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meshegress import Request
from meshegress.cli.exits import UsageError
from meshegress.cli.grammar.pairs import pair_of
from meshegress.cli.grammar.printing import Printer
from meshegress.cli.grammar.request_lines import read_requests
from meshegress.cli.grammar.requests import Beyond, request_of

REQUESTS_HELP = "a request on each line: a URL, or a JSON object (docs/command-line.md); - for standard input"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and the words that it was asked in."""

    asked: str
    request: Request


def add_question_options(parser: argparse.ArgumentParser) -> None:
    """Declare what is asked, but for the URLs."""
    group = parser.add_argument_group("what is asked", "URL begins with http://, https://, ws://, wss:// or tcp://")
    group.add_argument("--requests", metavar="FILE", help=REQUESTS_HELP)
    group.add_argument("--address", metavar="IP", help="the address that the client connects to")
    group.add_argument("--method", metavar="METHOD", help="of HTTP requests (default: GET)")
    group.add_argument(
        "--header",
        action="append",
        default=[],
        type=pair_of("a header", "x-user=anna"),
        metavar="NAME=VALUE",
        help="of HTTP requests; Host takes the place of the URL's",
    )
    group.add_argument(
        "--connect", metavar="HOST:PORT", help="ask the proxy at URL (http://) for a tunnel, by CONNECT HOST:PORT"
    )
    group.add_argument(
        "--first-bytes", type=_hex, metavar="HEX", help="what the client of a tcp:// URL sends before it waits"
    )


def is_url(word: str) -> bool:
    """Return whether *word* is meant as a URL, and not as the name of a file.

    >>> is_url("ftp://a.com/"), is_url("mesh/https.yaml"), is_url("-")
    (True, False, False)
    """
    scheme, separator, _ = word.partition("://")
    return bool(separator) and scheme.isascii() and scheme.replace("+", "").isalnum()


def split_words(words: Sequence[str], *, has_requests: bool) -> tuple[list[str], list[str]]:
    """Return which of *words* are MESH, and which URL.

    Where nothing is to be asked, the last word was to be a URL unless it names a file.
    """
    urls = [word for word in words if is_url(word)]
    mesh = [word for word in words if not is_url(word)]
    if not urls and not has_requests:
        if len(mesh) > 1 and mesh[-1] != "-" and not _exists(mesh[-1]):
            return mesh[:-1], [mesh[-1]]
        raise UsageError("nothing is asked: give a URL, such as https://www.example.com/, or --requests FILE")
    return mesh, urls


def read_questions(arguments: argparse.Namespace, urls: Sequence[str], printer: Printer) -> list[Question]:
    """Return what is asked, the URLs first.

    Raises UsageError for options that do not go together, and RequestError for what is not a request.
    """
    beyond = Beyond(
        arguments.address,
        arguments.method,
        tuple(arguments.header),
        arguments.connect,
        arguments.first_bytes,
    )
    if beyond.connect is not None and (beyond.method, beyond.first_bytes) != (None, None):
        raise UsageError("--connect goes with neither --method nor --first-bytes: the method is CONNECT")
    questions = [Question(url, request_of(url, beyond)) for url in urls]
    if arguments.requests is not None:
        lines = read_requests(arguments.requests, beyond, arguments.limit)
        questions += [Question(asked, request) for asked, request in lines]
    if not questions:
        raise UsageError(f"--requests: `{arguments.requests}` holds no request")
    hidden = [question.asked for question in questions if question.request.is_tls]
    if hidden and (beyond.method is not None or beyond.headers):
        printer.note(
            "inside_tls", f"a sidecar does not see the method and headers of `{hidden[0]}`: they are inside TLS"
        )
    return questions


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"`{text[:40]}`: write bytes as pairs of hex digits, such as 5353482d"
        ) from None


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        return False
