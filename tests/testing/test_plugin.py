"""The pytest plugin makes the fixture ``mesh`` from the project's configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"

PROJECT_TEST = """
from meshegress.testing import assert_egress

def test_baidu_is_declared(mesh):
    assert_egress(mesh.egress("shop"), "https://www.baidu.com/", cluster="outbound|443||www.baidu.com")
"""


@pytest.mark.parametrize(
    ("paths", "summary"),
    [
        pytest.param(["allow-any", "entries"], "1 passed", id="declared"),
        pytest.param(["allow-any"], "expected cluster `outbound|443||www.baidu.com`", id="not declared"),
    ],
)
def test_a_project_tests_its_mesh(tmp_path: Path, paths: list[str], summary: str) -> None:
    """The plugin is there without being asked for, and a failure is explained."""
    lines = "".join(f"\n    {QUICKSTART / path}" for path in paths)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nmeshegress_paths ={lines}\n", encoding="utf-8")
    (tmp_path / "test_mesh.py").write_text(PROJECT_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert summary in result.stdout


def test_a_project_loads_another_mesh(tmp_path: Path) -> None:
    """The fixture ``load_mesh`` takes paths and a release."""
    text = f"""
def test_both(load_mesh):
    mesh = load_mesh({str(QUICKSTART / "allow-any")!r}, {str(QUICKSTART / "entries")!r}, istio="1.29")
    assert mesh.istio == "1.29" and len(mesh.resources.service_entries) == 2
    assert load_mesh({str(QUICKSTART / "entries")!r}).istio == "1.28"
"""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmeshegress_istio = 1.28\n", encoding="utf-8")
    (tmp_path / "test_mesh.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "1 passed" in result.stdout
