"""Write the tables of the pages from the code: ``python docs/resources_page.py``.

Each table stands between two comments with its name; ``tests/docs`` holds that the pages are up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from meshegress.decision import MEANINGS, Outcome
from meshegress.decision.assumptions import ASSUMPTIONS
from meshegress.findings import CODES, CURES
from meshegress.loading.resource_set import REACH
from meshegress.profiles import PROFILES, Profile
from meshegress.resources import KINDS, MeshConfig, Message, Resource
from meshegress.resources._message import wire_name
from meshegress.resources.releases import SINCE

DOCS = Path(__file__).parent


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def kinds() -> list[type[Resource | MeshConfig]]:
    """Return each modelled kind once, in the order of the code."""
    return [*dict.fromkeys(KINDS.values()), MeshConfig]


def messages(kind: type[Message], seen: dict[type[Message], None] | None = None) -> Iterator[type[Message]]:
    """Give *kind* and the messages inside it, each once."""
    seen = {} if seen is None else seen
    if kind in seen:
        return
    seen[kind] = None
    yield kind
    for field in kind.model_fields.values():
        for inner in inner_messages(field.annotation):
            yield from messages(inner, seen)


def inner_messages(annotation: Any) -> Iterator[type[Message]]:
    """Give the messages that a field of type *annotation* holds."""
    if isinstance(annotation, type) and issubclass(annotation, Message):
        yield annotation
    for part in get_args(annotation):
        yield from inner_messages(part)


def resources() -> str:
    """Return a section for each kind, with a row for each field of each message that no kind before it has."""
    sections, told = [], set()
    for kind in kinds():
        rows = []
        for message in messages(kind):
            if message in told:
                continue
            told.add(message)
            rows += [
                (f"{message.__name__}", f"`{message.model_fields[name].alias}`", support.value)
                for name, support in message.support()
            ]
        sections.append(f"## {kind.__name__}\n\n" + table(("message", "field", "support"), rows))
    return "\n\n".join(sections)


def unmodelled() -> str:
    """Return a row for each kind that is known and not modelled."""
    rows = ((f"`{group}`", f"`{kind}`", reach) for (group, kind), reach in REACH.items())
    return table(("group", "kind", "could touch"), rows)


def codes() -> str:
    """Return a row for each code of a finding."""
    rows = ((f"`{code}`", about, CURES.get(code, "")) for code, about in CODES.items())
    return table(("code", "about", "cure"), rows)


def assumptions() -> str:
    """Return a row for each kind of assumption."""
    yes_or_no = {True: "yes", False: "no"}
    rows = (
        (f"`{row.code}`", row.title, yes_or_no[row.is_certain], row.remedy, row.finding and f"`{row.finding}`")
        for row in ASSUMPTIONS
    )
    return table(("code", "what is assumed", "certain", "what settles it", "`check` says"), rows)


def releases() -> str:
    """Return a row for each difference between releases, with the rule of the page that tells it."""
    text = (DOCS / "semantics.md").read_text(encoding="utf-8")
    rules = {name: number for number, name in re.findall(r"^### (\S+) .*\n\n`(\w+)`\.$", text, re.MULTILINE)}
    names = [field.name for field in fields(Profile) if field.name != "release"]
    rows = ((f"`{name}`", *(_answer(profile, name) for profile in PROFILES.values()), rules[name]) for name in names)
    return table(("row", *PROFILES, "rule"), rows)


def outcomes() -> str:
    """Return a row for each outcome: whether the request leaves, and what becomes of it."""
    rows = ((f'`"{row.value}"`', "yes" if row.allowed else "no", MEANINGS[row]) for row in Outcome)
    return table(("outcome", "`.allowed`", "what becomes of the request"), rows)


def newer() -> str:
    """Return a row for each field of the API that is younger than the oldest release."""
    rows = ((f"{message}", f"`{wire_name(field)}`", since) for (message, field), since in SINCE.items())
    return table(("message", "field", "since"), rows)


def _answer(profile: Profile, name: str) -> str:
    value = getattr(profile, name)
    return ("yes" if value else "no") if isinstance(value, bool) else ", ".join(sorted(value)).upper()


PAGES = {
    "resources.md": {"resources": resources, "kinds": unmodelled},
    "findings.md": {"codes": codes},
    "concepts.md": {"assumptions": assumptions, "outcomes": outcomes},
    "semantics.md": {"releases": releases, "newer": newer},
}


def page(name: str, text: str) -> str:
    """Return the *text* of the page *name* with its tables written anew."""
    for mark, content in PAGES[name].items():
        marks = re.compile(f"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)", re.DOTALL)
        written = content()
        text = marks.sub(lambda match, written=written: f"{match[1]}{written}\n{match[2]}", text)  # type: ignore[misc]  # mypy sees no default of a lambda
    return text


if __name__ == "__main__":
    for name in PAGES:
        path = DOCS / name
        path.write_text(page(name, path.read_text(encoding="utf-8")), encoding="utf-8")
