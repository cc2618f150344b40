"""Finding what overlaps with a host among many: the same as asking each."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshegress._match import host_matches
from meshegress.compiler.model.hosts import Overlaps

HOSTS = st.sampled_from(["a.com", "b.a.com", "c.com", "*.com", "*.a.com", "*a.com", "*", "A.com", ""])


@pytest.mark.hypothesis
@given(st.lists(st.lists(HOSTS, max_size=3), max_size=6), HOSTS)
@example([["*.com", "a.com"], ["a.com", "a.com"]], "a.com")
@example([["a.com"], ["c.com"], ["*.a.com"]], "*.com")
def test_what_overlaps_is_found_in_order(rows: list[list[str]], asked: str) -> None:
    """Each value is given once, at its place, if one of its hosts overlaps."""
    found = Overlaps(enumerate(rows)).of(asked)
    assert found == [place for place, hosts in enumerate(rows) if any(host_matches(host, asked) for host in hosts)]
