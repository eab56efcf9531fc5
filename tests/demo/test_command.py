"""The options of ``tuimail demo``."""

from __future__ import annotations

import pytest

from tuimail.cli import demo
from tuimail.errors import UsageError


def test_letters_are_only_generated_on_request() -> None:
    assert demo.parser().parse_args([]).messages == 0
    assert demo.parser().parse_args(["--messages", "50000"]).messages == 50_000
    assert demo.parser().parse_args(["--messages", str(demo.MOST_MESSAGES)]).messages == demo.MOST_MESSAGES


@pytest.mark.parametrize("written", ["many", "-1", "1e3", "1.5", "", "\u0663", "1000001", "9" * 5000])
def test_what_is_no_number_of_letters_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="is not a number up to 1,000,000"):
        demo.parser().parse_args(["--messages", written])
