"""The pytest plugin: the fixture ``mesh``, made of what the project's configuration names.

    [tool.pytest.ini_options]
    meshegress_paths = ["deploy/mesh.yaml", "deploy/entries"]
    meshegress_istio = "1.30"

A test of the project then asks ``assert_egress(mesh.egress("shop"), "https://api.example/", cluster=...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from meshegress import Mesh


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the two settings."""
    parser.addini("meshegress_paths", "files and folders of resources that make the fixture `mesh`", type="paths")
    parser.addini("meshegress_istio", "the Istio release that the fixture `mesh` predicts", default="")


@pytest.fixture(scope="session")
def mesh(pytestconfig: pytest.Config) -> Mesh:
    """The mesh of ``meshegress_paths``; what Istio would refuse in it fails the test with every problem."""
    import meshegress

    paths = pytestconfig.getini("meshegress_paths")
    if not paths:
        raise pytest.UsageError("the fixture `mesh` needs `meshegress_paths` in the pytest configuration")
    release = pytestconfig.getini("meshegress_istio")
    return meshegress.load(*paths, **({"istio": release} if release else {}))
