"""Sizes are told in at most three digits."""

from __future__ import annotations

import pytest

from tuimail.mail.size import format_size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (1349, "1.3 KB"),
        (9949, "9.9 KB"),
        (9950, "10 KB"),
        (48_000, "48 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (2_540_000, "2.5 MB"),
        (50_000_000_000, "50 GB"),
        (10**18, "1000000 TB"),
    ],
)
def test_sizes_read_as_people_say_them(size: int, words: str) -> None:
    assert format_size(size) == words
