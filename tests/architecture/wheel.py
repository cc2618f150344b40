"""Look into what was built: ``python tests/architecture/wheel.py DIST``, a part of ``make build``.

The sdist has all that a wheel is made of. The wheel has the compiled twins with a stub each, ``py.typed``, and nothing
that was only needed to build them.
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

LEFT_OUT = {".c", ".h", ".pyx", ".pxd", ".html"}
COMPILED = {".so", ".pyd"}


def problems_of_wheel(names: list[str]) -> list[str]:
    """Return what is wrong with a wheel that holds *names*."""
    paths = [PurePosixPath(name) for name in names]
    stubs = {str(path.with_suffix("")) for path in paths if path.suffix == ".pyi"}
    twins = [path for path in paths if path.suffix in COMPILED]
    found = [f"`{path}` does not belong in a wheel" for path in paths if path.suffix in LEFT_OUT]
    found += [f"`{twin}` has no stub" for twin in twins if str(twin.parent / twin.name.partition(".")[0]) not in stubs]
    return found if "meshegress/py.typed" in names else [*found, "py.typed is missing"]


def problems_of_sdist(names: list[str]) -> list[str]:
    """Return what is wrong with an sdist that holds *names*."""
    kept = {name.partition("/")[2] for name in names}
    needed = {
        "setup.py",
        "pyproject.toml",
        "constraints.txt",
        "Makefile",
        "README.md",
        "LICENSE",
        "src/meshegress/py.typed",
    }
    found = [f"`{name}` is missing" for name in sorted(needed - kept)]
    return found + [f"`{name}` is generated" for name in sorted(kept) if name.endswith((".c", ".so"))]


def main(folder: Path) -> int:
    """Print the problems of the wheel and the sdist in *folder*; return 1 where there are any."""
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        problems = problems_of_wheel(archive.namelist())
    with tarfile.open(sdist) as archive:
        problems += problems_of_sdist(archive.getnames())
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
