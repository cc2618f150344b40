"""The recipes for tables print what the pages promise; PySpark's is run by ``make recipes``."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

BATCHES = Path(__file__).parents[2] / "examples" / "batches"
COUNTED = """\
3 service outbound|443||www.baidu.com
2 service outbound|80||httpbin.org
2 blackhole BlackHoleCluster
1 direct_response -
"""


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_recipe_counts_requests(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each engine hands over its table, and takes the decisions back as columns."""
    pytest.importorskip(engine)
    pytest.importorskip("pyarrow")
    runpy.run_path(str(BATCHES / f"with_{engine}.py"), run_name="__main__")
    assert capsys.readouterr().out == COUNTED
