"""Write the sections of ``docs/lint.md`` from the table of codes: ``python docs/lint_page.py``.

They stand between two comments; ``tests/docs`` holds that the page is up to date.
"""

from __future__ import annotations

import re
from pathlib import Path

from meshegress.analysis.lint.finding import RULES
from meshegress.findings import CODES, CURES

PAGE = Path(__file__).parent / "lint.md"
_MARKS = re.compile(r"(<!-- codes -->\n).*?(<!-- end of codes -->)", re.DOTALL)


def sections() -> str:
    """Return a section for each code, with an anchor."""
    return "\n".join(_section(code) for code in RULES)


def _section(code: str) -> str:
    rule = RULES[code]
    others = f"\nElsewhere: {', '.join(f'`{name}`' for name in rule.aliases)}.\n" if rule.aliases else ""
    about = CODES[code]
    return (
        f'<a id="{code.lower()}"></a>\n\n### {code}: {about}\n\n*{rule.severity.value}* · {rule.meaning}\n'
        f"\nCure: {CURES[code]}.\n{others}"
    )


def page(text: str) -> str:
    """Return the *text* of the page with its sections written anew."""
    written = sections()
    return _MARKS.sub(lambda match: f"{match[1]}{written}\n{match[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
