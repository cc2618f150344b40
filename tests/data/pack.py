"""Pack vector files into one: ``python tests/data/pack.py OUT.jsonl.xz FILE...`` (JSON lines, plain or gzip).

Records are put in the order of their names, so that one world's releases stand together and compress to little.
"""

from __future__ import annotations

import gzip
import json
import lzma
import sys
from pathlib import Path


def pack(target: Path, sources: list[Path]) -> None:
    """Write the records of *sources* to *target*, sorted by name."""
    lines = [line for source in sources for line in _text(source).splitlines() if line.strip()]
    lines.sort(key=lambda line: [str(json.loads(line).get(key, "")) for key in ("id", "istio", "case")])
    target.write_bytes(lzma.compress(b"".join(line + b"\n" for line in lines), preset=9 | lzma.PRESET_EXTREME))


def _text(source: Path) -> bytes:
    content = source.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


if __name__ == "__main__":
    pack(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
