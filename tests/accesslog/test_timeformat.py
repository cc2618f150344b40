"""Time formats: Envoy's, Abseil's and the C library's specifiers, with their traps."""

from __future__ import annotations

import json
import lzma
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meshegress.accesslog.timeformat import Moment, format_time

MOMENT = Moment.at(1_795_387_730_479_885_000, UTC, timezone(timedelta(hours=5, minutes=30), "IST"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("%-d %_d %^a %#Z %5Y", "22 22 SUN ist 02026", id="flags and widths; a zone with a flag is local"),
        pytest.param("%10f", "      %10f", id="a width before an unknown letter pads"),
        pytest.param("%0f %Ef %-f", "%0f %Ef %-f", id="these are not fractions"),
        pytest.param(
            "%%3f %%s", "%479 %1795387730", id="fractions and seconds are replaced even behind a percent sign"
        ),
        pytest.param("%3s", "1795367930", id="seconds with a width are off by the zone"),
        pytest.param("%1f%2f%9f%f", "447479885000479885000", id="fractions are cut"),
        pytest.param("%E3S %E*S %E6f %E*f", "50.479 50.479885 479885 479885", id="fractions with digits"),
        pytest.param("%Ez %E*z %:z %::z %z", "+00:00 +00:00:00 +00:00 +00:00:00 +0000", id="zones"),
        pytest.param("%EY %Ey %Od %OH %E4Y", "2026 26 22 22 2026", id="modifiers change nothing"),
        pytest.param("%i%J%K%q %Y %", "%i%J%K%q 2026 %", id="unknown letters stay"),
        pytest.param(
            "%a %A %b %B %C %D %e %F %g %G %h", "Sun Sunday Nov November 20 11/22/26 22 2026-11-22 26 2026 Nov"
        ),
        pytest.param("%I %j %k %l %p %P %r %R %T", "10 326 22 10 PM pm 10:48:50 PM 22:48 22:48:50"),
        pytest.param("%%E3S %%E*f %%E0S", "%S.479 %479885 %E0S", id="fractions are Envoy's own, but for none"),
        pytest.param("%5d|%-5d|%10a|%05Q|%^q", "00022|   22|       Sun|0%05Q|%^Q", id="what a width and a flag do"),
        pytest.param("%Op|%Ed|%OY|%E%|%#EB", "PM|%Ed|%OY|%|%#EB", id="modifiers that are refused stay"),
        pytest.param("%:::z|%_z|%-z|%6z", "+00|+   0|+0|     +000000", id="an offset in parts"),
        pytest.param("%65q", "", id="more than sixteen times as much is nothing"),
        pytest.param("%400q%Y", "2026", id="each piece has its own room"),
        pytest.param("%5%f|%^%s", "   %5479885000|%^1795387730", id="a specifier ends at what Envoy replaces"),
        pytest.param("%u %U %V %w %W %x %X %c", "7 47 47 0 46 11/22/26 22:48:50 Sun Nov 22 22:48:50 2026"),
    ],
)
def test_time_formats(pattern: str, text: str) -> None:
    """Every hand that touches a time format is followed, traps included."""
    assert format_time(pattern, MOMENT) == text


def test_recorded_times_follow_from_their_instant(recorded: tuple[dict[str, Any], ...]) -> None:
    """Every START_TIME that Envoy wrote is what the instant of its exchange gives."""
    zone = ZoneInfo("Asia/Kolkata")
    checked = 0
    for record in recorded:
        truth = record.get("truth", {})
        instant = truth.get("START_TIME(%s.%9f)", "").replace(".", "") or truth.get("START_TIME(%s)", "") + "0" * 9
        for text, shown in truth.items():
            name, _, pattern = text.partition("(")
            if name in ("START_TIME", "START_TIME_LOCAL") and pattern and len(instant) == 19:
                local = zone if name.endswith("LOCAL") else UTC
                if instant.endswith("0" * 9) and "f" in pattern:
                    continue
                assert format_time(pattern[:-1] or None, Moment.at(int(instant), local, zone)) == shown
                checked += 1
    assert checked > 20


def test_drawn_times_are_those_of_envoy() -> None:
    """Some two thousand patterns, in UTC and as local, against what Envoy 1.40.0 wrote for the same instant."""
    zone = ZoneInfo("Asia/Kolkata")
    with lzma.open(Path(__file__).parents[1] / "data" / "accesslog-times.jsonl.xz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    wrong = [
        (pattern, shown)
        for is_local, pattern, instant, shown in records
        if format_time(pattern, Moment.at(instant, zone if is_local else UTC, zone)) != shown
    ]
    assert len(records) > 1900
    assert wrong == []
