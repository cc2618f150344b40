"""Fuzz one target with inputs led by coverage, in a process of its own: ``python -m fuzz.led TARGET SECONDS``."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Load the library under instruments, write the seeds where atheris looks for them, and let it run."""
    name, seconds = sys.argv[1:]
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["meshegress"]):
        target = import_module("fuzz.targets").TARGETS[name]
        for seed in target.seeds:
            target.run(
                seed
            )  # public names bring their modules when they are first used: now, while all is instrumented
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            Path(folder, f"{name}-{number}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-verbosity=0", "-artifact_prefix=build/", folder]
        atheris.Setup([sys.argv[0], *options], target.run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
