"""Servers whose folders are labels: a message is in several of them, and is shown once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.sync.fake_imap import Box
from tests.sync.imap_support import rig
from tuimail.cache.database import ReadableCache
from tuimail.cache.labels import EachOnce
from tuimail.cache.pattern_search import matching_ids
from tuimail.mail.pattern_match import MatchContext
from tuimail.mail.pattern_tree import Flag

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("labels", [True, False])
def test_a_message_with_several_labels_is_shown_once(tmp_path: Path, labels: bool) -> None:
    with rig(tmp_path) as here:
        here.server.capabilities = {"X-GM-EXT-1"} if labels else set()
        work = here.server.boxes["Work"] = Box()
        for number in range(3):
            here.inbox.arrive(f"both{number}", emailid=f"{number}")
            work.arrive(f"both{number}", emailid=f"{number}")
        here.inbox.arrive("alone", emailid="9")
        here.inbox.arrive("nameless")
        work.arrive("nameless")
        here.sync.sync()
        with closing(ReadableCache(here.cache.path.parent)) as cache:
            ids = list(matching_ids(cache, None, Flag.ALL, MatchContext()))
            assert len(ids) == 9
            once = EachOnce(cache)
            passed = [number for number in reversed(ids) if once.passes(number)]
            assert passed[::-1] == EachOnce(cache).newest(ids)
            assert len(passed) == (6 if labels else 9)
            assert EachOnce(cache).newest([]) == []
