"""The engine's part that knows whether accounts can send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuimail.engine.rooms import Rooms
from tuimail.engine.wiring import fingerprint
from tuimail.events import (
    AccountPaused,
    AccountResumed,
    Event,
    OutboxTouched,
)
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from tuimail.outbox.model.item import AccountHealth


class Accounts(Rooms):
    """Health of accounts, and what ends their trouble."""

    async def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go, and why not."""
        return await self._run(self._queue.health, account)

    async def check_again(self, account: str) -> None:
        """The user mended the account: its blocked letters go again."""
        from tuimail.config.secrets import forget

        forget(account)
        if self._runner is not None:
            await self._runner.forget(account)
        self._copies.mended(account)
        items = await self._run(self._queue.mended, account)
        self.announcer.announce(AccountResumed(account))
        for item in items:
            self._changed(item)

    async def _notice_changed_accounts(self) -> None:
        """Block letters of accounts that are gone; let those go whose account's settings were changed (rule G8)."""
        await self._run(self._queue.missing, frozenset(self.config.accounts))
        for name, account in self.config.accounts.items():
            await self._run(self._queue.settings_seen, name, fingerprint(account))

    def _listen(self, event: Event) -> None:
        if isinstance(event, OutboxTouched) and (self._forgetting is None or self._forgetting.done()):
            self._forgetting = asyncio.create_task(self._forget_refused_elsewhere(), name="outbox-secrets")

    async def _forget_refused_elsewhere(self) -> None:
        """A password that a server refused to another process is not shown to it by this one once it was mended."""
        from tuimail.config.secrets import forget

        for name in self.config.accounts:
            if self._writer is None:
                return
            if (await self.health(name)).trouble in (AccountProblem.SIGN_IN, AccountProblem.SECRET):
                forget(name)
                if self._runner is not None:
                    await self._runner.forget(name)


def forget_refused_secret(event: Event) -> None:
    """A password the server refused is asked for anew the next time."""
    if isinstance(event, AccountPaused):
        from tuimail.config.secrets import forget

        forget(event.account)
