"""The chosen twins of the engine; :mod:`meshegress._match` has those of the matcher."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from meshegress._engine.choice import choose


def _part(name: str) -> ModuleType:
    return choose(native=f"_engine.native.{name}", reference=f"_engine.reference.{name}")


if TYPE_CHECKING:
    from meshegress._engine.reference.columns import Columns as Columns
    from meshegress._engine.reference.columns import text_at as text_at
    from meshegress._engine.reference.lines import LogKind as LogKind
    from meshegress._engine.reference.lines import LogLines as LogLines
    from meshegress._engine.reference.lines import LogRecord as LogRecord
    from meshegress._engine.reference.log import LogField as LogField
    from meshegress._engine.reference.log import LogSpan as LogSpan
    from meshegress._engine.reference.log import LogSplitter as LogSplitter
    from meshegress._engine.reference.log import alphabet_of as alphabet_of
    from meshegress._engine.reference.log_columns import LogColumn as LogColumn
    from meshegress._engine.reference.log_columns import LogMember as LogMember
    from meshegress._engine.reference.log_columns import read_columns as read_columns
    from meshegress._engine.reference.log_columns import read_json_columns as read_json_columns
    from meshegress._engine.reference.log_writer import DASHED as DASHED
    from meshegress._engine.reference.log_writer import LogWriter as LogWriter
    from meshegress._engine.reference.walk import Arrays as Arrays
    from meshegress._engine.reference.walk import Decider as Decider
    from meshegress._engine.reference.walk import PackedRequest as PackedRequest
    from meshegress._engine.reference.walk import Walk as Walk
else:
    _walk, _columns, _lines, _log = (_part(name) for name in ("walk", "columns", "lines", "log"))
    _log_columns, _log_writer = (_part(name) for name in ("log_columns", "log_writer"))
    Columns = _columns.Columns
    text_at = _columns.text_at
    LogKind = _lines.LogKind
    LogLines = _lines.LogLines
    LogRecord = _lines.LogRecord
    LogField = _log.LogField
    LogSpan = _log.LogSpan
    LogSplitter = _log.LogSplitter
    alphabet_of = _log.alphabet_of
    LogColumn = _log_columns.LogColumn
    LogMember = _log_columns.LogMember
    read_columns = _log_columns.read_columns
    read_json_columns = _log_columns.read_json_columns
    DASHED = _log_writer.DASHED
    LogWriter = _log_writer.LogWriter
    Arrays = _walk.Arrays
    Decider = _walk.Decider
    PackedRequest = _walk.PackedRequest
    Walk = _walk.Walk
