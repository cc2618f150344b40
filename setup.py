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
HEADERS = Path("src/meshegress/_engine/native")
REQUIRED = os.environ.get("MESHEGRESS_REQUIRE_EXT") == "1"
# What runs on machines that can do less, to be tested on those that can do more (`simd.h`).
MACROS: dict[str, list[tuple[str, str | None]]] = {
    "plain": [("MESHEGRESS_PLAIN_LANES", "1")],
    "narrow": [("MESHEGRESS_MOST_WIDTH", "0")],
    "wide": [("MESHEGRESS_MOST_WIDTH", "1")],
    "widest": [],
}
LANES = os.environ.get("MESHEGRESS_LANES", "widest")
# What is true of all twins: their tables never change, and ready-made objects in them are of one interpreter.
DIRECTIVES = {"language_level": 3, "freethreading_compatible": True, "subinterpreters_compatible": "no"}


def extension(source: Path) -> Extension:
    """Return the extension of *source*, named by its place under ``src/``."""
    name = ".".join(source.relative_to("src").with_suffix("").parts)
    return Extension(
        name,
        [source.as_posix()],
        include_dirs=[HEADERS.as_posix()],
        depends=[header.as_posix() for header in HEADERS.glob("*.h")],
        define_macros=MACROS[LANES],
    )


extensions = cythonize(
    [extension(source) for source in SOURCES], build_dir="build/cython", compiler_directives=DIRECTIVES
)
for built in extensions:  # cythonize makes new ones, and forgets what is optional
    built.optional = not REQUIRED

setup(ext_modules=extensions)
