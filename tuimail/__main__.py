"""``python -m tuimail``."""

import sys

from tuimail.cli import main

if __name__ == "__main__":
    sys.exit(main())
