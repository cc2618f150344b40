"""``python -m meshegress`` is the command ``meshegress``."""

import sys

from meshegress.cli import main

if __name__ == "__main__":
    sys.exit(main())
