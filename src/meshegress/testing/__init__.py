"""What helps to test with meshegress, and to test meshegress.

``assert_egress`` is for tests of a mesh, ``strategies`` for Hypothesis, ``plugin`` for pytest; ``conformance`` compares
the library with recorded answers of Istio and Envoy. pytest brings this package in every run, so its names come lazily.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshegress.testing.assertions import assert_egress as assert_egress

__all__ = ["assert_egress"]


def __getattr__(name: str) -> object:
    """Bring the public *name*."""
    if name not in __all__:
        raise AttributeError(f"module `meshegress.testing` has no attribute `{name}`")
    from meshegress.testing import assertions

    return getattr(assertions, name)
