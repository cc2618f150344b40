"""Build the compiled twins: every ``.pyx`` under ``src/`` is one extension, found and not listed.

They are optional for users, whose readable twins give the same answers, and required under
``MESHEGRESS_REQUIRE_EXT=1``, where a failed build is an error and not a slow day.
"""

from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCES = sorted(Path("src").rglob("*.pyx"))
REQUIRED = os.environ.get("MESHEGRESS_REQUIRE_EXT") == "1"


def extension(source: Path) -> Extension:
    """Return the extension of *source*, named by its place under ``src/``; its headers stand beside it."""
    name = ".".join(source.relative_to("src").with_suffix("").parts)
    return Extension(name, [source.as_posix()], include_dirs=[source.parent.as_posix()], optional=not REQUIRED)


setup(ext_modules=cythonize([extension(source) for source in SOURCES], build_dir="build/cython", language_level=3))
