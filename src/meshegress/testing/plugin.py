"""The pytest plugin: the fixture ``mesh``, made of what the project's configuration names, and ``load_mesh``.

    [tool.pytest.ini_options]
    meshegress_paths = ["deploy/mesh.yaml", "deploy/entries"]
    meshegress_istio = "1.30"

A test of the project then asks ``assert_egress(mesh.egress("shop"), "https://api.example/", cluster=...)``, or for
other files ``load_mesh("deploy/staging", istio="1.29")``.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from meshegress import Mesh


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the two settings."""
    parser.addini("meshegress_paths", "files and folders of resources that make the fixture `mesh`", type="paths")
    parser.addini("meshegress_istio", "the Istio release that the fixture `mesh` predicts", default="")


@pytest.fixture(scope="session")
def load_mesh(pytestconfig: pytest.Config) -> Callable[..., Mesh]:
    """A function that loads a mesh from paths, for the release of the configuration or *istio*."""

    def load(*paths: str | PathLike[str], istio: str | None = None) -> Mesh:
        import meshegress

        release = istio or pytestconfig.getini("meshegress_istio") or meshegress.DEFAULT_RELEASE
        return meshegress.load(*paths, istio=release)

    return load


@pytest.fixture(scope="session")
def mesh(pytestconfig: pytest.Config, load_mesh: Callable[..., Mesh]) -> Mesh:
    """The mesh of ``meshegress_paths``; what Istio would refuse in it fails the test with every problem."""
    paths = pytestconfig.getini("meshegress_paths")
    if not paths:
        raise pytest.UsageError("the fixture `mesh` needs `meshegress_paths` in the pytest configuration")
    return load_mesh(*paths)
