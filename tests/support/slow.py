"""Parameters of which the suite tries some, and ``-m slow`` the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def most_slow(values: Iterable[Any], quick: int) -> list[Any]:
    """``values`` as parameters of a test; those after the first ``quick`` are marked ``slow``."""
    return [
        pytest.param(value, marks=pytest.mark.slow) if number >= quick else value for number, value in enumerate(values)
    ]
