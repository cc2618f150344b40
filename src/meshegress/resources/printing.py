"""Models to YAML: the names of the wire, without what has its default, and no word that would load as another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from meshegress.resources.scalars import LeadingZero, plain_value

_TAG = "tag:yaml.org,2002:"


class _Dumper(yaml.SafeDumper):
    """Quotes every text that would be read as anything else, and names nothing by an anchor."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    plain = text != "<<" and type(plain_value(text)) is str
    return dumper.represent_scalar(f"{_TAG}str", text, style=None if plain else "'")


def _leading_zero(dumper: _Dumper, number: LeadingZero) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_TAG}int", number.text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(LeadingZero, _leading_zero)


def yaml_text(value: Any) -> str:
    r"""Return plain *value* as YAML, keys in their order.

    >>> yaml_text({"name": "no", "port": 80, "time": "1:30"})
    "name: 'no'\nport: 80\ntime: '1:30'\n"
    """
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=120
    )
    return text


def timestamp_text(seconds: int) -> str | int:
    """Return *seconds* since 1970 as the wire writes them; a number outside the calendar stays one.

    >>> timestamp_text(1704067200)
    '2024-01-01T00:00:00Z'
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return seconds


def plain(value: Any) -> Any:
    """Return *value* of a field without a model as YAML has it: lists and mappings of plain values."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value
