"""Third-party data for tests, where it lies beside the project; tests that need it are skipped elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("CORPORA") or Path(__file__).parents[2] / "shared" / "corpora")


def corpus(*parts: str) -> Path:
    """A file or folder of the corpora; skips the test where it is absent."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip("the corpora are not here")
    return path
