"""Access logs beside the usual ways: ``python benchmarks/accesslog.py [LINES]``.

A million sidecar lines are read every day of somebody's week: one line eagerly and lazily, and written again. All
candidates take turns over the same hundred lines, the best of many turns counts, and every answer is compared before.
Only the ratios say something about another machine.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime

from meshegress import AccessLogFormat

Step = Callable[[object], object]
_AGENTS = (
    "curl/7.68.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
    "Go-http-client/2.0",
)
_QUOTED, _WORD = r'([^"]*)', r"([^ ]*)"
_EXPRESSION = re.compile(
    rf'\[([^\]]*)\] "{_WORD} {_WORD} {_QUOTED}" {_WORD} {_WORD} {_WORD} {_WORD} "{_QUOTED}" {_WORD} {_WORD} {_WORD} '
    rf'{_WORD} "{_QUOTED}" "{_QUOTED}" "{_QUOTED}" "{_QUOTED}" "{_QUOTED}" {_WORD} {_WORD} {_WORD} {_WORD} '
    rf"{_WORD} {_WORD}$"
)
_NUMBERS = (4, 9, 10, 11)
_PERCENT = '[%s] "%s %s %s" %s %s %s %s "%s" %s %s %s %s "%s" "%s" "%s" "%s" "%s" %s %s %s %s %s %s'


def lines(count: int, seed: int = 1) -> list[str]:
    """Return *count* lines of a sidecar, a third of them TCP."""
    rng = random.Random(seed)
    return [_tcp(rng) if rng.random() < 0.37 else _http(rng) for _ in range(count)]


def _stamp(rng: random.Random) -> str:
    return (
        f"2026-11-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:07.{rng.randint(0, 999):03}Z"
    )


def _address(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def _tcp(rng: random.Random) -> str:
    to = f"{_address(rng)}:443"
    return (
        f'[{_stamp(rng)}] "- - -" 0 - - - "-" {rng.randint(0, 9999)} {rng.randint(0, 99999)} {rng.randint(0, 999)} - '
        f'"-" "-" "-" "-" "{to}" PassthroughCluster 10.0.1.38:{rng.randint(1024, 65535)} {to} 10.0.1.38:40000 - -'
    )


def _http(rng: random.Random) -> str:
    host, to = f"api.service{rng.randint(0, 500)}.example.com", f"{_address(rng)}:80"
    return (
        f'[{_stamp(rng)}] "{rng.choice(("GET", "POST"))} /api/v1/items/{rng.randint(0, 99999)}?page=7 HTTP/1.1" '
        f'{rng.choice((200, 200, 404, 503))} {rng.choice(("-", "-", "-", "UF,URX"))} via_upstream - "-" '
        f"{rng.randint(0, 9999)} {rng.randint(0, 99999)} {rng.randint(0, 999)} {rng.randint(0, 99)} "
        f'"-" "{rng.choice(_AGENTS)}" "{rng.getrandbits(64):016x}" "{host}" "{to}" outbound|80||{host} '
        f"10.0.1.38:{rng.randint(1024, 65535)} {to} 10.0.1.38:40000 - default"
    )


def typed_split(line: str) -> list[object]:
    """Split a line by hand, as scripts do, and make numbers of numbers."""
    head, request, rest = line.split('"', 2)
    middle, failure, numbers, forwarded, _, agent, _, request_id, _, authority, _, host, tail = rest.split('"')
    values: list[object] = [head[1:-2], *request.split(" "), *middle.split(), failure, *numbers.split(), forwarded]
    values += [agent, request_id, authority, host, *tail.split()]
    return [int(v) if n in _NUMBERS else None if v == "-" else v for n, v in enumerate(values)]  # type: ignore[call-overload]


def ready(values: tuple[object, ...]) -> tuple[str, ...]:
    """Return *values* as the strings that ``%`` wants."""
    return tuple(map(_ready, values))


def _ready(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    if isinstance(value, tuple):
        return ",".join(value) or "-"
    return "-" if value is None else str(value)


def nanoseconds(steps: dict[str, tuple[Step, list[object]]], turns: int = 25) -> dict[str, float]:
    """Return ns per item of each step: turns interleaved over chunks of a hundred, the best of each chunk."""
    size = min(len(items) for _, items in steps.values()) // 100
    best = {name: [float("inf")] * size for name in steps}
    for _ in range(turns):
        for chunk in range(size):
            for name, (step, items) in steps.items():
                part = items[chunk * 100 : chunk * 100 + 100]
                started = time.perf_counter_ns()
                for item in part:
                    step(item)
                best[name][chunk] = min(best[name][chunk], time.perf_counter_ns() - started)
    return {name: sum(times) / (size * 100) for name, times in best.items()}


def main(count: int) -> None:
    """Check every answer, measure, and print ns and ratios."""
    log = AccessLogFormat.preset("istio-text")
    parser, write = log.parser(), log.writer()
    texts = lines(count)
    values = [parser.values(text) for text in texts]
    strings = [ready(one) for one in values]
    for text, one, string in zip(texts, values, strings, strict=True):
        assert _EXPRESSION.match(text).groups() == string == tuple(map(_ready, typed_split(text)))  # type: ignore[union-attr]
        assert write(one) == text == _PERCENT % string
        assert parser.parse(text).as_dict() == dict(zip(log.names, one, strict=True))
    steps: dict[str, tuple[Step, list[object]]] = {
        "loop": (len, [*texts]),  # type: ignore[dict-item]
        "re groups()": (lambda text: _EXPRESSION.match(text).groups(), [*texts]),  # type: ignore
        "typed split": (typed_split, [*texts]),  # type: ignore[dict-item]
        "lazy entry": (parser.parse, [*texts]),  # type: ignore[dict-item]
        "eager values": (parser.values, [*texts]),  # type: ignore[dict-item]
        "% of strings": (lambda string: _PERCENT % string, [*strings]),  # type: ignore[operator]
        "writer": (write, [*values]),  # type: ignore[dict-item]
    }
    found = nanoseconds(steps)
    loop = found.pop("loop")
    for name, took in found.items():
        print(f"{name:<14} {took - loop:7.0f} ns")
    net = {name: took - loop for name, took in found.items()}
    for goal, slow, fast, wanted in (
        ("C1 eager, to re", "re groups()", "eager values", 2.0),
        ("C1 eager, to split", "typed split", "eager values", 4.0),
        ("C2 lazy, to re", "re groups()", "lazy entry", 6.0),
        ("C5 writing, to %", "% of strings", "writer", 2.5),
    ):
        ratio = net[slow] / net[fast]
        print(f"{goal:<20} {ratio:5.2f}x  wanted {wanted}x  {'reached' if ratio >= wanted else 'missed'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
