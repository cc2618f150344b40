"""Decisions as columns of record batches: for pyarrow, and for engines that pass its batches through, as PySpark does.

``egress.decide_many`` alone needs no library; this door needs ``pip install meshegress[arrow]``.
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
    egress: Egress, batches: Iterable[RecordBatch], *, fields: Sequence[str] = FIELDS, threads: int = 1, **columns: str
) -> Iterator[RecordBatch]:
    """Yield *batches* with a dictionary-encoded column for each of *fields*, a field of the decision on the row.

    *columns* name the columns that are read, as ``egress.decide_many`` takes them. A function of this shape is what
    PySpark's ``mapInArrow`` asks for: ``lambda batches: add_decisions(egress, batches)``.

    Raises MissingExtraError where pyarrow is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("arrow") from error
    for batch in batches:
        decided = egress.decide_many(batch, threads=threads, **columns)
        for field in fields:
            batch = batch.append_column(field, pyarrow.array(decided.column(field)))
        yield batch
