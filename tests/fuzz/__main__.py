"""Fuzz: ``PYTHONPATH=tests python -m fuzz [--seconds N] [--random] [TARGET...]``; a failing input ends the run.

With atheris inputs are led by coverage. Without it, or with ``--random``, they are drawn from a seed that is printed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from importlib.util import find_spec

from fuzz.targets import PIECES, TARGETS, Target


def changed(seed: bytes, rng: random.Random) -> bytes:
    """Return *seed* with some pieces of itself and of others put in, taken out, doubled and changed in case."""
    for _ in range(rng.randrange(1, 6)):
        begin, end = sorted((rng.randrange(len(seed) + 1), rng.randrange(len(seed) + 1)))
        end = min(end, begin + rng.randrange(1, 9))
        part = seed[begin:end]
        put = rng.choice(
            (b"", part * 2, part.swapcase(), rng.choice(PIECES), rng.randbytes(1), part * rng.randrange(40))
        )
        seed = seed[:begin] + put + seed[end:]
    return seed[:4096]


def run_random(name: str, target: Target, seconds: float, number: int) -> None:
    """Run *target* on inputs drawn from *number*, for *seconds*."""
    rng = random.Random(number)
    pool = list(target.seeds)
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        data = changed(rng.choice(pool), rng)
        if len(pool) < 200:
            pool.append(data)
        try:
            target.run(data)
        except BaseException:
            print(f"{name}, seed {number}, input {count}: {data!r}", file=sys.stderr)
            raise
        count += 1
    print(f"{name}: {count} inputs drawn from seed {number}, nothing found")


def run_led(name: str, seconds: int) -> int:
    """Run one target under atheris, in a process of its own, and return its exit code."""
    code = subprocess.run([sys.executable, "-m", "fuzz.led", name, str(seconds)], check=False).returncode
    print(f"{name}: {'nothing found' if code == 0 else 'failed, see above'}")
    return code


def main() -> int:
    """Run the targets that were asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=10, metavar="N", help="how long each runs")
    parser.add_argument("--random", action="store_true", help="do without atheris")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), metavar="N", help="of random inputs")
    options = parser.parse_args()
    is_led = find_spec("atheris") is not None and not options.random
    for name in options.targets or TARGETS:
        if not is_led:
            run_random(name, TARGETS[name], options.seconds, options.seed)
        elif run_led(name, options.seconds):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
