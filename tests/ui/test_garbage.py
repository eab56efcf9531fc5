"""Garbage is collected at length only while nobody types."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from tuimail.ui import garbage
from tuimail.ui.garbage import IdleCollector

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """Set when everything is collected."""
    collected = asyncio.Event()
    thresholds = gc.get_threshold()
    monkeypatch.setattr(garbage, "QUIET", 0.0)
    monkeypatch.setattr(gc, "collect", collected.set)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    yield collected
    gc.set_threshold(*thresholds)


async def test_everything_is_collected_once_the_keys_have_rested(collected: asyncio.Event) -> None:
    collector = IdleCollector()
    collector.begin()
    collector.typed()
    collector.rested()
    await asyncio.wait_for(collected.wait(), 5)


async def test_a_key_typed_in_time_puts_it_off_until_the_keys_rest_again(collected: asyncio.Event) -> None:
    collector = IdleCollector()
    collector.begin()
    collector.rested()
    collector.typed()
    await asyncio.sleep(0.01)
    assert not collected.is_set()
    collector.rested()
    await asyncio.wait_for(collected.wait(), 5)


async def test_nothing_is_collected_before_the_program_has_started(collected: asyncio.Event) -> None:
    collector = IdleCollector()
    collector.rested()
    await asyncio.sleep(0.01)
    assert not collected.is_set()


def test_while_keys_are_typed_old_objects_are_looked_through_a_hundred_times_less_often(
    collected: asyncio.Event,
) -> None:
    before = gc.get_threshold()
    IdleCollector().begin()
    assert gc.get_threshold()[2] >= 100 * before[2]
    assert gc.isenabled()
    assert not collected.is_set()
