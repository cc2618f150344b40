"""How a twin is chosen: native where it is built and wanted, else the readable reference.

``MESHEGRESS_PURE=1`` takes the reference; ``MESHEGRESS_REQUIRE_EXT=1`` forbids falling back to it. An extension that is
there and cannot be loaded is an error in any case, never a silent slow day.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

_PURE = os.environ.get("MESHEGRESS_PURE") == "1"
_REQUIRED = os.environ.get("MESHEGRESS_REQUIRE_EXT") == "1"


def choose(*, native: str, reference: str) -> ModuleType:
    """Return the module *native* of this package where it is built and wanted, else its twin *reference*.

    Raises ImportError where the native twin is required and not built, or built and broken.
    """
    if _PURE and _REQUIRED:
        raise ImportError("MESHEGRESS_PURE=1 and MESHEGRESS_REQUIRE_EXT=1 contradict each other: unset one")
    if _PURE:
        return import_module(f"meshegress.{reference}")
    try:
        return import_module(f"meshegress.{native}")
    except ModuleNotFoundError as error:
        if error.name != f"meshegress.{native}":
            raise
        if _REQUIRED:
            raise ImportError(
                f"`meshegress.{native}` is not built, and MESHEGRESS_REQUIRE_EXT=1 asks for it: "
                "install with a C compiler at hand, or unset the variable"
            ) from error
    return import_module(f"meshegress.{reference}")
