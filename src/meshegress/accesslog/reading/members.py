"""Records inside of JSON: log collectors and clouds wrap a line into a member, in arrays, in batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from meshegress.accesslog.reading.emitter import NOBODY, Emitter

#: Whether a string or an object is a record.
IsRecord: TypeAlias = "Callable[[object], bool]"
_MOST_DEPTH = 12
# Where collectors put the line; any other string that holds a record is taken when none of these does.
_LINE_KEYS = ("log", "message", "line", "textPayload", "body", "MESSAGE", "msg", "_raw", "event", "@message")
# The labels and annotations that people give to Pods may have any key.
_OF_OTHERS = (("kubernetes", "labels"), ("kubernetes", "annotations"))
_NOT_WORD = re.compile(r"[^a-z0-9]")
# The last part of a path of keys, lower-cased and without what is not a letter; of `name` the one before it, too.
_EMITTER_KEYS = {
    **dict.fromkeys(("pod", "podname"), "pod"),
    **dict.fromkeys(("namespace", "namespacename", "podnamespace"), "namespace"),
    **dict.fromkeys(("container", "containername"), "container"),
    **dict.fromkeys(("node", "nodename", "podnodename", "host", "hostname", "computer"), "node"),
    "stream": "stream",
    "iostream": "stream",
    **dict.fromkeys(
        (
            *("time", "timestamp", "date", "ts", "timegenerated"),
            *("timeunixnano", "observedtimeunixnano", "realtimetimestamp"),
        ),
        "time",
    ),
    "logname": "log_name",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A text that may be a record, or an object whose keys are a record's; and who wrote it."""

    value: str | Mapping[str, object]
    emitter: Emitter
    is_part: bool = False


def find_records(value: object, is_record: IsRecord, emitter: Emitter = NOBODY) -> Iterator[Found]:
    """Yield the records in *value*, any JSON; *is_record* says of a string or an object whether it is one."""
    yield from _find(value, is_record, emitter, 0)


def _find(value: object, is_record: IsRecord, emitter: Emitter, depth: int) -> Iterator[Found]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, str):
        if is_record(value):
            yield Found(value, emitter)
    elif isinstance(value, list):
        timed = emitter
        data = _bytes_of(value)
        if data is not None:  # journald: what is not plain text
            value = [data]
        if len(value) > 1 and isinstance(value[0], str) and value[0].isdigit():  # Loki: an instant and a line
            timed = Emitter(time=value[0]).over(emitter)
        for item in value:
            yield from _find(item, is_record, timed, depth + 1)
    elif isinstance(value, dict):
        yield from _find_in_object(value, is_record, emitter, depth)


def _find_in_object(value: dict[str, object], is_record: IsRecord, emitter: Emitter, depth: int) -> Iterator[Found]:
    inner = emitter_in(value).over(emitter)
    if is_record(value):
        yield Found(value, inner)
        return
    tag = value.get("_p") or value.get("logtag")  # of the runtime: a line, or the end of one, or a part
    texts = (text_of(value.get(key)) for key in _LINE_KEYS)
    line = next((text for text in texts if is_record(text) or (tag and isinstance(text, str))), None)
    if line is not None:
        yield Found(str(line), inner, is_part=tag == "P")
        return
    body = value.get("body")
    of_body = body.get("kvlistValue") if isinstance(body, dict) else None
    for pairs in (of_body.get("values") if isinstance(of_body, dict) else None, value.get("attributes")):
        attributes = _attributes(pairs)
        if attributes and is_record(attributes):  # OTLP with a body of keys, or without one
            yield Found(attributes, inner)
            return
    for member in value.values():
        yield from _find(member, is_record, inner, depth + 1)


def text_of(value: object) -> object:
    """Return the text of a member, out of OTLP's ``stringValue`` and journald's list of bytes."""
    if isinstance(value, list):
        return _bytes_of(value)
    return value.get("stringValue") if isinstance(value, dict) and len(value) == 1 else value


def _bytes_of(value: list[object]) -> str | None:
    try:
        return bytes(value).decode("utf-8", "surrogateescape") if value else None  # type: ignore[arg-type]  # told below
    except (TypeError, ValueError):
        return None


def emitter_in(value: Mapping[str, object]) -> Emitter:
    """Return what an object tells of the emitter; nested objects count, lists of records do not.

    >>> emitter_in({"kubernetes": {"pod": {"name": "cart-1"}, "host": "n1"}, "stream": "stdout"}).as_dict()
    {'pod': 'cart-1', 'node': 'n1', 'stream': 'stdout'}
    """
    known: dict[str, str] = {}
    for path, text in _scalars(value, (), 0):
        last = path[-1]
        name = _EMITTER_KEYS.get(path[-2] + last if last == "name" and len(path) > 1 else last)
        if text.count("~") == 3 and last in ("nodename", "nodeid", "node", "id"):
            known.setdefault("node_id", text)
        elif name is not None:
            known.setdefault(name, text)
    return Emitter.of(known)


@lru_cache(maxsize=4096)
def _parts(key: str) -> tuple[str, ...]:
    return tuple(_NOT_WORD.sub("", part) for part in key.lower().split("."))


def _scalars(value: Mapping[str, object], path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, member in value.items():
        # Keys may be paths themselves: `k8s.pod.name`.
        here = (*path, *_parts(key))
        if isinstance(member, str | int | float) and not isinstance(member, bool):
            if member != "" and member != "-":
                yield here, str(member)
        elif isinstance(member, dict) and depth < 3 and here[-2:] not in _OF_OTHERS:
            yield from _scalars(member, here, depth + 1)
        elif isinstance(member, list) and key == "attributes":
            yield from _scalars(_attributes(member), path, depth + 1)


def _attributes(value: object) -> dict[str, object]:
    """Return OTLP's list of keys and typed values as an object."""
    if isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            typed = pair.get("value")
            held = next(iter(typed.values()), None) if isinstance(typed, dict) else typed
            is_number = isinstance(typed, dict) and "intValue" in typed and isinstance(held, str) and held.isdigit()
            found[pair["key"]] = int(str(held)) if is_number else held
    return found
