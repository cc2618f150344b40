"""What all tests share: the Hypothesis profiles and the twins of the matcher."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", parent=settings.get_profile("quick"), max_examples=10_000)
if settings.get_current_profile_name() not in ("quick", "long"):
    # Tests import this module a second time, and that may not undo what `--hypothesis-profile` chose.
    settings.load_profile("quick")

REQUIRED = os.environ.get("MESHEGRESS_REQUIRE_EXT") == "1"


def twin(name: str) -> ModuleType:
    """Return the module *name*; a native twin that is not built skips the test, unless it is required."""
    try:
        return import_module(f"meshegress.{name}")
    except ModuleNotFoundError:
        if REQUIRED or ("native" not in name and name != "_fastmatch"):
            raise
        pytest.skip(f"`{name}` is not built")


@pytest.fixture(params=["_purematch", "_fastmatch"])
def matcher(request: pytest.FixtureRequest) -> ModuleType:
    """Each twin of the matcher in turn."""
    return twin(request.param)


@pytest.fixture(scope="session")
def compiled() -> ModuleType:
    """The native twin of the matcher."""
    return twin("_fastmatch")
