"""The recorded lines that the tests carry."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).parents[1] / "data" / "accesslog.jsonl.xz"


@pytest.fixture(scope="session")
def recorded() -> tuple[dict[str, Any], ...]:
    """Every record: lines that a real Envoy wrote, and formats that it refused."""
    with lzma.open(_FILE, "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)
