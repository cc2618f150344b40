"""Choose between the twins, in one place: what matches names and addresses, compiled where it can be.

``MESHEGRESS_PURE=1`` takes the readable twins; ``MESHEGRESS_REQUIRE_EXT=1`` forbids falling back to them. An extension
that is there and cannot be loaded is an error in any case, never a silent slow day. ``IMPLEMENTATION`` is
``compiled`` or ``pure``.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

_PURE = os.environ.get("MESHEGRESS_PURE") == "1"
_REQUIRED = os.environ.get("MESHEGRESS_REQUIRE_EXT") == "1"


def choose(*, compiled: str, readable: str) -> ModuleType:
    """Return the module *compiled* of this package where it is built and wanted, else its twin *readable*.

    Raises ImportError where the compiled twin is required and not built, or built and broken.
    """
    if _PURE and _REQUIRED:
        raise ImportError("MESHEGRESS_PURE=1 and MESHEGRESS_REQUIRE_EXT=1 contradict each other: unset one")
    if _PURE:
        return import_module(f"meshegress.{readable}")
    try:
        return import_module(f"meshegress.{compiled}")
    except ModuleNotFoundError as error:
        if error.name != f"meshegress.{compiled}":
            raise
        if _REQUIRED:
            raise ImportError(
                f"`meshegress.{compiled}` is not built, and MESHEGRESS_REQUIRE_EXT=1 asks for it: "
                "install with a C compiler at hand, or unset the variable"
            ) from error
    return import_module(f"meshegress.{readable}")


_twin = choose(compiled="_fastmatch", readable="_purematch")
_walk = choose(compiled="_fastwalk", readable="_purewalk")
_columns = choose(compiled="_fastcolumns", readable="_purecolumns")

_log_twin = choose(compiled="_fastlog", readable="_purelog")
_lines_twin = choose(compiled="_fastlines", readable="_purelines")
_writer_twin = choose(compiled="_fastlogwriter", readable="_purelogwriter")
_log_columns_twin = choose(compiled="_fastlogcolumns", readable="_purelogcolumns")

IMPLEMENTATION = "pure" if _twin.__name__.endswith("_purematch") else "compiled"

if TYPE_CHECKING:
    from meshegress._purecolumns import Columns as Columns
    from meshegress._purecolumns import text_at as text_at
    from meshegress._purelines import LogKind as LogKind
    from meshegress._purelines import LogLines as LogLines
    from meshegress._purelines import LogRecord as LogRecord
    from meshegress._purelog import LogField as LogField
    from meshegress._purelog import LogSpan as LogSpan
    from meshegress._purelog import LogSplitter as LogSplitter
    from meshegress._purelog import alphabet_of as alphabet_of
    from meshegress._purelogcolumns import LogColumn as LogColumn
    from meshegress._purelogcolumns import LogMember as LogMember
    from meshegress._purelogcolumns import read_columns as read_columns
    from meshegress._purelogcolumns import read_json_columns as read_json_columns
    from meshegress._purelogwriter import DASHED as DASHED
    from meshegress._purelogwriter import LogWriter as LogWriter
    from meshegress._purematch import NO_MATCH as NO_MATCH
    from meshegress._purematch import DomainTable as DomainTable
    from meshegress._purematch import PrefixTable as PrefixTable
    from meshegress._purematch import ServerNameTable as ServerNameTable
    from meshegress._purematch import host_matches as host_matches
    from meshegress._purematch import host_subset_of as host_subset_of
    from meshegress._purewalk import Arrays as Arrays
    from meshegress._purewalk import Decider as Decider
    from meshegress._purewalk import PackedRequest as PackedRequest
    from meshegress._purewalk import Walk as Walk
else:
    Columns = _columns.Columns
    text_at = _columns.text_at
    LogField = _log_twin.LogField
    DASHED = _writer_twin.DASHED
    LogColumn = _log_columns_twin.LogColumn
    LogMember = _log_columns_twin.LogMember
    read_columns = _log_columns_twin.read_columns
    read_json_columns = _log_columns_twin.read_json_columns
    LogKind = _lines_twin.LogKind
    LogLines = _lines_twin.LogLines
    LogRecord = _lines_twin.LogRecord
    LogWriter = _writer_twin.LogWriter
    LogSpan = _log_twin.LogSpan
    LogSplitter = _log_twin.LogSplitter
    alphabet_of = _log_twin.alphabet_of
    NO_MATCH = _twin.NO_MATCH
    DomainTable = _twin.DomainTable
    PrefixTable = _twin.PrefixTable
    ServerNameTable = _twin.ServerNameTable
    host_matches = _twin.host_matches
    host_subset_of = _twin.host_subset_of
    Arrays = _walk.Arrays
    Decider = _walk.Decider
    PackedRequest = _walk.PackedRequest
    Walk = _walk.Walk
