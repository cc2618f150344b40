"""The project is installed without a C compiler: the readable half answers, the same, and says that it does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path

import pytest

import meshegress

PROJECT = Path(__file__).parents[1]
BUILD_TOOLS = ("setuptools", "Cython", "pip", "wheel")
NO_COMPILER = {"CC": "/nonexistent/cc", "CXX": "/nonexistent/c++", "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
QUICKSTART = PROJECT / "examples" / "quickstart"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(find_spec(tool) for tool in BUILD_TOOLS), reason=f"building takes {', '.join(BUILD_TOOLS)}"
    ),
]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *command* where no compiler is, with nothing in its environment but that and *environment*."""
    return subprocess.run(
        list(map(str, command)), env=NO_COMPILER | environment, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the project is built from, without what was built in place."""
    copy = tmp_path_factory.mktemp("source")
    shutil.copytree(PROJECT / "src", copy / "src", ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__"))
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that pip makes where there is no compiler, from what is here, without an index."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--no-cache-dir", "--wheel-dir", folder, source),
        HOME=str(folder),
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("meshegress-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has the wheel and what it needs, and nothing else of the project."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    told = run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--no-cache-dir"),
        wheel,
        HOME=str(folder),
    )
    assert told.returncode == 0, told.stdout + told.stderr
    (packages,) = folder.glob("lib/python*/site-packages")
    # pydantic and PyYAML are those of the tests: installing them once more would need an index.
    paths = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (packages / "needed.pth").write_text("".join(f"{path}\n" for path in paths))
    return python


def test_without_a_compiler_the_readable_half_is_installed(installed: Path) -> None:
    """``pip`` succeeds, and one line says what runs and what that means."""
    told = run(installed, "-m", "meshegress", "--version")
    assert told.stderr == ""
    assert told.stdout == (
        f"meshegress {meshegress.__version__} "
        "(pure: the compiled parts are not installed; the answers are the same, only slower)\n"
    )


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        pytest.param("https://www.baidu.com/", "outbound|443||www.baidu.com", id="declared"),
        pytest.param("http://example.com/", "block_all (502 direct_response)", id="refused"),
        pytest.param("https://example.com/", "BlackHoleCluster (blackhole)", id="black hole"),
    ],
)
def test_without_a_compiler_the_answers_are_the_same(installed: Path, url: str, answer: str) -> None:
    """What both halves answer in the tests is answered here."""
    told = run(installed, "-m", "meshegress", "decide", QUICKSTART / "registry-only", QUICKSTART / "entries", url)
    assert (told.returncode, told.stdout.partition("\n")[0]) == (0, answer), told.stderr


def test_a_required_compiled_half_is_missed_while_building(source: Path, tmp_path: Path) -> None:
    """``MESHEGRESS_REQUIRE_EXT=1`` makes an error of what else is a slower library."""
    built = run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--no-cache-dir", "--wheel-dir", tmp_path, source),
        HOME=str(tmp_path),
        MESHEGRESS_REQUIRE_EXT="1",
    )
    assert built.returncode != 0
    assert "/nonexistent/cc" in built.stdout + built.stderr


def test_the_licence_is_in_the_wheel(installed: Path) -> None:
    """The metadata name it as SPDX does, and its text comes along."""
    (info,) = installed.parents[1].glob("lib/python*/site-packages/meshegress-*.dist-info")
    metadata = Parser().parsestr((info / "METADATA").read_text(encoding="utf-8"))
    assert (metadata["License-Expression"], metadata.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert (info / "licenses" / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes()
