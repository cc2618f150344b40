"""What stands before a record on its line: who wrote it, and when, as shippers and command lines show it."""

from __future__ import annotations

import re

from meshegress.accesslog.reading.emitter import NOBODY, Emitter

_ZONE = r"(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?" + _ZONE
_LABEL = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_POD = r"[a-z0-9][a-z0-9.]*-[-a-z0-9.]*[a-z0-9]"
_GAP = "(?: \u203a)? "
_END = rf"(?=\s+{_INSTANT}|\s*\Z)"
# One row a form; what it names is kept, and the next row is tried behind it.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<time>{_INSTANT})(?=[\s\[{{]|\Z)",
        r"(?P<time>[0-9]{10,19}(?:\.[0-9]+)?)(?=\s|\Z)",
        r"(?:<[0-9]{1,3}>)?(?P<time>[A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8}) (?P<node>[^ ]+) [^ \[:]+(?:\[[0-9]+\])?:",
        rf"<[0-9]{{1,3}}>1 (?P<time>{_INSTANT}) (?P<node>[^ ]+) [^ ]+ [^ ]+ [^ ]+ (?:-|\[.*?\])",
        r"(?P<node>[^ \[\]|{}]+) [^ \[:]+\[[0-9]+\]:",
        r"(?P<labels>\{[^{}]*\})",
        rf"\[pod/(?P<pod>{_LABEL})/(?P<container>{_LABEL})\]",
        rf"(?P<namespace>{_LABEL})/(?P<pod>{_LABEL})\[(?P<container>{_LABEL})\]:",
        rf"\[(?P<pod>{_LABEL}) (?P<container>{_LABEL})\]",
        r"(?P<stream>stdout|stderr) [FP](?=\s|\Z)",
        r"(?P<container>[^ |]+) +\|",
        # stern; the name of a Pod has a dash, so that any words are not taken for it
        rf"(?P<namespace>{_LABEL}){_GAP}(?P<pod>{_POD}){_GAP}(?P<container>{_LABEL}){_END}",
        rf"(?P<pod>{_POD}){_GAP}(?P<container>{_LABEL}){_END}",
    )
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LABEL_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_LABEL_NAMES = {
    "pod": "pod",
    "namespace": "namespace",
    "container": "container",
    "node_name": "node",
    "stream": "stream",
}


def emitter_of(prefix: bytes) -> Emitter:
    """Return what *prefix* tells; what it holds beside stays as ``prefix``.

    >>> emitter_of(b"cart-6d5f8-x2x4z istio-proxy ").as_dict()
    {'pod': 'cart-6d5f8-x2x4z', 'container': 'istio-proxy'}
    >>> emitter_of(b"ACCESS ").as_dict()
    {'prefix': 'ACCESS'}
    """
    text = _COLOURS.sub("", prefix.decode("utf-8", "replace")).strip()
    if not text:
        return NOBODY
    known: dict[str, str] = {}
    rest = text
    while rest:
        match = next((found for form in _FORMS if (found := form.match(rest))), None)
        if match is None:
            known["prefix"] = rest
            break
        known = {**_named(match), **known}
        rest = rest[match.end() :].lstrip()
    return Emitter(**known)


def _named(match: re.Match[str]) -> dict[str, str]:
    named = {name: value for name, value in match.groupdict().items() if value and name != "labels"}
    pairs = _LABEL_PAIR.findall(match.groupdict().get("labels") or "")
    return named | {_LABEL_NAMES[name]: value for name, value in pairs if name in _LABEL_NAMES}
