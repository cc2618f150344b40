"""Decide a table that no one machine holds, with PySpark: ``python examples/batches/with_pyspark.py``.

It runs in local mode, and needs Java 17 or newer beside ``pip install pyspark meshegress[arrow]``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

import meshegress
from meshegress.integrations.arrow import add_decisions

QUICKSTART = Path(__file__).parents[1] / "quickstart"
FIELDS = ("outcome", "cluster")


def resources() -> str:
    """Return the resources as one text, which travels to the workers with the function."""
    files = sorted([*(QUICKSTART / "registry-only").glob("*.yaml"), *(QUICKSTART / "entries").glob("*.yaml")])
    return "\n---\n".join(path.read_text(encoding="utf-8") for path in files)


def main() -> None:
    """Print how many requests each cluster gets."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        sys.exit(
            "PySpark needs Java: install it (Debian, Ubuntu: apt install openjdk-17-jre-headless) or set JAVA_HOME"
        )
    text = resources()

    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Decide the batches of one partition; the mesh is compiled once for each."""
        egress = meshegress.load(text).egress("shop")
        return add_decisions(egress, batches, fields=FIELDS, encoded=False)

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        spark.sparkContext.setLogLevel("ERROR")
        path = str(Path(__file__).with_name("requests.csv"))
        requests = spark.read.csv(path, header=True, schema="address string, port int, kind string, authority string")
        schema = requests.schema
        for field in FIELDS:
            schema = schema.add(field, "string")
        decided = requests.repartition(2).mapInArrow(decide, schema)
        counted = decided.groupBy(*FIELDS).count().collect()
        for row in sorted(counted, key=lambda row: (row["count"], row["outcome"]), reverse=True):
            print(f"{row['count']} {row['outcome']} {row['cluster'] or '-'}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
