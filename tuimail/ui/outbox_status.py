"""What every screen shows: how many letters wait and need the user, accounts that cannot send, and new mail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from tuimail.ui.coalescer import Coalescer
from tuimail.ui.leaving_letter import LeavingLetter
from tuimail.ui.widgets.title_bar import Badge

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.engine import Engine
    from tuimail.outbox.model.account_notice import AccountNotice
    from tuimail.ui.notifier import Notifier
    from tuimail.ui.text.cells import Line

    class Screens(Protocol):
        """The open screens."""

        def show_badge(self, badge: Badge) -> None:
            """Letters were counted."""
            ...

        def accounts_changed(self) -> None:
            """``notices`` changed."""
            ...


class OutboxStatus:
    """Counts letters and looks at the health of accounts, once ``engine`` was started; ``screens`` are told."""

    def __init__(self, engine: Engine, screens: Screens) -> None:
        self._engine = engine
        self._screens = screens
        self.badge = Badge()
        self.notices: tuple[AccountNotice, ...] = ()
        """Accounts whose letters wait, and why; those that need the user first."""
        self.notifier: Notifier | None = None
        """Told of each count, once there is one."""
        self.leaving = LeavingLetter(engine)
        """The letter sent last."""
        self.counting = Coalescer(self.count)

    async def count(self) -> None:
        """Count the letters, then look at the accounts."""
        counts, tally = await self._engine.outbox.query(lambda outbox: (outbox.counts(), outbox.tally()))
        self._show(replace(self.badge, waiting=tally.waiting, yours=tally.yours))
        await self.leaving.look()
        await self._examine()
        if self.notifier is not None:
            await self.notifier.counted(counts, tally.yours)

    def show_new(self, count: int) -> None:
        """So many messages are new."""
        self._show(replace(self.badge, new=count))

    def _show(self, badge: Badge) -> None:
        self.badge = badge
        self._screens.show_badge(badge)

    async def _examine(self) -> None:
        from tuimail.outbox.model.account_notice import account_notice

        found = []
        for name, account in self._engine.config.accounts.items():
            notice = account_notice(await self._engine.accounts.health(name), account)
            if notice is not None:
                found.append(notice)
        notices = tuple(sorted(found, key=lambda notice: not notice.needs_you))
        if notices != self.notices:
            self.notices = notices
            self._screens.accounts_changed()

    @property
    def can_check(self) -> bool:
        """There is an account that the user can have checked again."""
        return any(notice.checkable for notice in self.notices)

    def problem_lines(self, key: str, width: int) -> list[Line]:
        """Accounts that cannot send, for the top of a screen; ``key`` is that of "check again"."""
        from tuimail.ui.views.account_problems import problem_lines

        return problem_lines(self.notices, key, width) if self.notices else []

    async def check(self, names: Collection[str] | None = None) -> list[str]:
        """Let these accounts be tried again (default: all that can be); gives their names."""
        wanted = sorted(names) if names else [notice.account for notice in self.notices if notice.checkable]
        for name in wanted:
            await self._engine.accounts.check_again(name)
        return wanted
