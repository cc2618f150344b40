"""The number of examples that was asked for is the one that is drawn."""

from __future__ import annotations

import pytest
from hypothesis import settings


@pytest.mark.hypothesis
def test_the_profile_is_the_one_that_was_chosen(pytestconfig: pytest.Config) -> None:
    """``make properties`` draws ten thousand, whoever imports what."""
    chosen = pytestconfig.getoption("--hypothesis-profile") or "quick"
    assert settings.get_current_profile_name() == chosen
