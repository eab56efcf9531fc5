"""An outbox is the store that these tests share between threads and processes."""

from __future__ import annotations

from tests.outbox.conftest import box, clock, folder, store

__all__ = ["box", "clock", "folder", "store"]
