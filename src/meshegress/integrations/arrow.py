"""Decisions as columns of record batches: for pyarrow, and for engines that pass its batches through, as PySpark does.

``egress.decide_many`` alone needs no library; this module needs ``pip install meshegress[arrow]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from meshegress import Egress, MissingExtraError

if TYPE_CHECKING:
    from pyarrow import RecordBatch

#: The columns that are added unless others are asked for.
FIELDS = ("outcome", "cluster", "approximate")


def add_decisions(
    egress: Egress,
    batches: Iterable[RecordBatch],
    *,
    fields: Sequence[str] = FIELDS,
    threads: int = 1,
    encoded: bool = True,
    **columns: str,
) -> Iterator[RecordBatch]:
    """Yield *batches* with a column of text for each of *fields*, a field of the decision on the row.

    It is dictionary-encoded, unless *encoded* is False: PySpark's ``mapInArrow`` takes back plain text alone. *columns*
    name the columns that are read, as ``egress.decide_many`` takes them.

    Raises MissingExtraError where pyarrow is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("arrow") from error
    for batch in batches:
        decided = egress.decide_many(batch, threads=threads, **columns)
        for field in fields:
            column = pyarrow.array(decided.column(field))
            batch = batch.append_column(field, column if encoded else column.dictionary_decode())
        yield batch
