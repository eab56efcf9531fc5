"""Whether accounts work, service by service, and what ends their problems."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from tuimail.engine.configured_accounts import fingerprint
from tuimail.events import AccountPaused, AccountResumed, Event, OutboxTouched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuimail.engine.configured_accounts import ConfiguredAccounts
    from tuimail.engine.runner_handle import RunnerHandle
    from tuimail.engine.sent_folders import SentFolders
    from tuimail.engine.store_handle import StoreHandle
    from tuimail.events import Announcer
    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.outbox.store.store import Store


class Service(StrEnum):
    """What an account is used for. Each service has a health of its own: sending may work while reading does not."""

    SEND = "send"


class AccountService(Protocol):
    """One service of all accounts."""

    async def health(self, account: str) -> AccountHealth:
        """Whether it works for ``account``, and why not."""
        ...

    async def check_again(self, account: str) -> None:
        """The user solved the problem of ``account``: try again."""
        ...

    async def close_connections(self, account: str) -> None:
        """Close connections that were signed in with a password that is out of date."""
        ...


class SendService:
    """Sending: its health is kept in the outbox, beside the letters that wait for it."""

    def __init__(self, outbox: StoreHandle[Store], runner: RunnerHandle, folders: SentFolders) -> None:
        self._outbox = outbox
        self._runner = runner
        self._folders = folders

    async def health(self, account: str) -> AccountHealth:
        """Whether letters of the account may go, and why not."""
        return await self._outbox.run(lambda store: store.accounts.health(account))

    async def check_again(self, account: str) -> None:
        """The account's blocked letters go again, and the Sent folder is tried again."""
        await self.close_connections(account)
        self._folders.mended(account)

        def unblock(store: Store) -> list[OutboxItem]:
            return list(store.accounts.fixed(account))

        self._runner.changed(*await self._outbox.run(unblock))

    async def close_connections(self, account: str) -> None:
        """Close the account's idle connections."""
        await self._runner.forget(account)


class Accounts:
    """The health of accounts, by service."""

    def __init__(
        self,
        configured: ConfiguredAccounts,
        outbox: StoreHandle[Store],
        services: Mapping[Service, AccountService],
        announcer: Announcer,
    ) -> None:
        self._configured = configured
        self._outbox = outbox
        self._services = services
        self._announcer = announcer
        self._forgetting: asyncio.Task[None] | None = None
        announcer.subscribe(self._listen)

    async def health(self, account: str, service: Service = Service.SEND) -> AccountHealth:
        """Whether a service of ``account`` works, and why not."""
        return await self._services[service].health(account)

    async def check_again(self, account: str) -> None:
        """The user solved the account's problem: every service of it is tried again, with the password asked anew."""
        from tuimail.config.secrets import forget, questions

        forget(account)
        questions.ask_again()
        await self._try(account)

    async def secret_given(self) -> None:
        """The user typed what was waited for: accounts go on that had no password."""
        from tuimail.submission.result import AccountProblem

        for name in self._configured.config.accounts:
            for service in self._services.values():
                if (await service.health(name)).trouble is AccountProblem.SECRET:
                    await self._try(name)
                    break

    async def _try(self, account: str) -> None:
        for service in self._services.values():
            await service.check_again(account)
        self._announcer.announce(AccountResumed(account))

    async def notice_changed_settings(self) -> Sequence[OutboxItem]:
        """Block letters of accounts that are gone; let those go whose account's settings were changed (rule G8).

        Returns:
            These letters.
        """
        config = self._configured.config

        def compare(store: Store) -> list[OutboxItem]:
            changed = list(store.accounts.accounts_known(frozenset(config.accounts)))
            for name, account in config.accounts.items():
                changed += store.accounts.settings_seen(name, fingerprint(account))
            return changed

        return await self._outbox.run(compare)

    def close(self) -> None:
        """End what goes on in the background."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = None

    def _listen(self, event: Event) -> None:
        if isinstance(event, AccountPaused):
            # A password that the server refused is asked for anew the next time.
            from tuimail.config.secrets import forget

            forget(event.account)
        elif isinstance(event, OutboxTouched) and (self._forgetting is None or self._forgetting.done()):
            self._forgetting = asyncio.create_task(self._forget_refused_elsewhere(), name="outbox-secrets")

    async def _forget_refused_elsewhere(self) -> None:
        """Forget passwords that a server refused to another process: the user may have changed them meanwhile."""
        from tuimail.config.secrets import forget
        from tuimail.submission.result import AccountProblem

        for name in self._configured.config.accounts:
            if not self._outbox.started:
                return
            for service in self._services.values():
                if (await service.health(name)).trouble in (AccountProblem.SIGN_IN, AccountProblem.SECRET):
                    forget(name)
                    await service.close_connections(name)
