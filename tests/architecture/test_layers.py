"""Who may import whom: arrows point down, nothing turns in a circle, every module stands alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

# Top-level names of the package, by layer; a module may import its own layer and those below.
LAYERS = [
    {"errors", "findings", "naming", "wire", "_engine", "_purematch", "_fastmatch"},
    {"_match", "regex", "profiles"},
    {"resources", "rules", "request", "decision", "accesslog"},
    {"loading", "sources"},
    {"table"},
    {"compiler", "explain"},
    {
        "mesh",
        "egress",
        "uncertainty",
        "columns",
        "gateway",
        "journey",
    },
    {"analysis"},
    {"integrations", "cli", "testing", "__main__"},
]
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
ENTRY_POINTS = LAYERS[-1]
BOUNDARY = {"compiler": "explain", "explain": "compiler"}


# What is not ours is imported once, then each of our modules in a child of its own.
IMPORT_EACH_ALONE = """
import importlib, os, sys
import hypothesis, pydantic, pytest, yaml

assert not any(name.split(".")[0] == "meshegress" for name in sys.modules)
for name in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(name)
        os._exit(0)
    if os.wait()[1] != 0:
        print(name)
"""


def module_name(path: Path) -> str:
    """Return the dotted name of the module at *path*."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}


def imports_of(name: str) -> set[str]:
    """Return the modules of the package that *name* imports anywhere in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys() or {node.module or ""}
    return {module for module in found if module.split(".")[0] == "meshegress"}


IMPORTS = {name: imports_of(name) for name in MODULES}
ARROWS = [(name, target) for name, targets in IMPORTS.items() for target in sorted(targets)]


def module(name: str) -> str:
    """Return the top-level name under the package that *name* belongs to; the package itself is ``""``."""
    return [*name.split("."), ""][1]


def test_every_module_has_a_layer() -> None:
    """No module stands outside the plan."""
    assert {module(name) for name in MODULES} - LAYER.keys() == {""}


def test_imports_point_down() -> None:
    """A module imports its own layer and lower ones; the package's public names are for the entry points."""
    inner = [(a, b) for a, b in ARROWS if module(a) and module(b)]
    assert [(a, b) for a, b in inner if LAYER[module(b)] > LAYER[module(a)]] == []
    assert [(a, b) for a, b in ARROWS if module(a) and not module(b) and module(a) not in ENTRY_POINTS] == []
    assert [(a, b) for a, b in inner if BOUNDARY.get(module(a)) == module(b)] == []


def test_passes_do_not_know_each_other() -> None:
    """A pass of the compiler imports what the passes speak of, never another pass; ``pipeline`` lists them all.

    ``incremental`` asks the same list twice, for what goes and for what comes.
    """

    def compiler_pass(name: str) -> str:
        return [*name.split("."), "", ""][2] if module(name) == "compiler" else ""

    between = [
        (a, b) for a, b in ARROWS if compiler_pass(a) and compiler_pass(b) not in ("", "model", compiler_pass(a))
    ]
    assert [(a, b) for a, b in between if compiler_pass(a) not in ("pipeline", "incremental", "workload_tables")] == []


def test_nothing_imports_itself_in_a_circle() -> None:
    """The imports have an order."""
    order = list(TopologicalSorter(IMPORTS).static_order())
    assert set(order) >= IMPORTS.keys()


TWIN = re.compile(r"meshegress\.(_(pure|fast)match|_engine\.(reference|native))\b")
CHOOSERS = {"meshegress._match", "meshegress._engine.chosen"}


def test_only_the_choosers_name_a_twin() -> None:
    """Which twin runs is decided in one place for the matcher, and in one for the rest of the engine."""
    assert [(a, b) for a, b in ARROWS if TWIN.match(b) and not TWIN.match(a) and a not in CHOOSERS] == []


def test_entry_points_use_public_names() -> None:
    """An entry point does nothing that a user could not do."""
    private = [
        (a, b) for a, b in ARROWS if module(a) in ENTRY_POINTS and module(b).startswith("_") and module(b) != module(a)
    ]
    assert private == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one fresh interpreter for each module takes minutes")
def test_every_module_can_be_imported_first() -> None:
    """Every module or package of the first level can be the first that is imported; inside, nothing is in a circle."""
    modules = [name for name in MODULES if name.count(".") <= 1]
    command = [sys.executable, "-W", "error", "-c", IMPORT_EACH_ALONE, *modules]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
