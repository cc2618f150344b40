"""Write the tables of ``access-log.md`` from the tables of the code: ``python docs/access_log_page.py``.

Each table stands between two comments with its name; ``tests/docs`` holds that the page is up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from meshegress.accesslog.flags import FLAGS
from meshegress.accesslog.operator_table import OPERATORS
from meshegress.accesslog.presets import JSON_PRESETS, TEXT_PRESETS

PAGE = Path(__file__).parent / "access-log.md"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def operators() -> str:
    """Return a row for each operator."""
    rows = (
        (f"`{one.name}`", str(one.syntax), one.json_type, one.absent.shown, one.shape.value, one.note)
        for one in OPERATORS.values()
    )
    return table(("operator", "syntax", "JSON", "absent (text / JSON)", "shape", "note"), rows)


def flags() -> str:
    """Return a row for each response flag."""
    return table(("short", "long", "raised when"), ((f"`{one.short}`", one.long, one.meaning) for one in FLAGS))


def presets() -> str:
    """Return a row for each text preset, and the names of the JSON ones."""
    rows = [(f"`{name}`", f"`{text.rstrip()}`") for name, text in TEXT_PRESETS.items()]
    rows += [(f"`{name}`", f"{len(mapping)} keys") for name, mapping in JSON_PRESETS.items()]
    return table(("preset", "format"), rows)


def page(text: str) -> str:
    """Return the page *text* with its tables written anew."""
    for name, content in (("presets", presets()), ("flags", flags()), ("operators", operators())):
        marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = marks.sub(lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
