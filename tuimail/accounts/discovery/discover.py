"""Asks all sources about an address at the same time, within five seconds."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from tuimail.accounts.discovery.autoconfig import (
    ISPDB,
    ISPDB_HOST,
    look_at_host,
    look_at_well_known,
    look_in_ispdb,
)
from tuimail.accounts.discovery.guesses import guess
from tuimail.accounts.discovery.inquiry import Inquiry
from tuimail.accounts.discovery.mail_exchangers import look_up_provider
from tuimail.accounts.discovery.network import Network
from tuimail.accounts.discovery.providers import account_for
from tuimail.accounts.discovery.ranking import ranked
from tuimail.accounts.discovery.service_records import look_up_services
from tuimail.accounts.discovery.user_name import MailUser
from tuimail.accounts.discovery.values import (
    Disclosed,
    Disclosure,
    DiscoveryError,
    DiscoveryReport,
    FoundAccount,
    Origin,
    SourceFailure,
)
from tuimail.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    Progress = Callable[[DiscoveryReport], None]
    Patience = Callable[[], Awaitable[None]]

DEADLINE = 5.0
"""Seconds in all."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


def planned(address: str) -> tuple[Disclosure, ...]:
    """What ``discover`` would send to whom, to be shown before it is called; nothing if the table has the domain.

    A domain of one's own makes it ask its MX hosts' provider too, by that provider's domain; these hosts are not known
    before. ``DiscoveryReport.sent`` has everything that was sent.

    Raises:
        AddressError: ``address`` is not exactly one address.
    """
    try:
        user = MailUser.of(address)
    except DiscoveryError:
        return ()
    if account_for(user) is not None:
        return ()
    return (
        Disclosure("DNS", Disclosed.DOMAIN),
        Disclosure(f"autoconfig.{user.domain}", Disclosed.ADDRESS),
        Disclosure(ISPDB_HOST, Disclosed.DOMAIN),
        *(Disclosure(label + user.domain, Disclosed.CONNECTION) for label in ("", "imap.", "smtp.", "mail.")),
    )


async def discover(
    address: str,
    *,
    thorough: bool = False,
    progress: Progress | None = None,
    network: Network | None = None,
    patience: Patience | None = None,
) -> DiscoveryReport:
    """Look for the servers of ``address``. No password is asked for or sent.

    Args:
        address: one address, as typed.
        thorough: wait for every source, so that all alternatives are there; else only until nothing better can come.
        progress: told each time that more is known.
        network: how others are reached; None: by the system's DNS and certificates.
        patience: returns when the time is up; what is there then counts. None: after five seconds.

    Returns:
        What was found, and for each source that gave nothing the reason. Never raises for what others do.

    Raises:
        AddressError: ``address`` is not exactly one address.
    """
    try:
        user = MailUser.of(address)
    except DiscoveryError as reason:
        return DiscoveryReport(address, failures=(SourceFailure("address", str(reason)),), decided=True)
    known = account_for(user)
    if known is not None and not thorough:
        return DiscoveryReport(user.address, (known,), decided=True)
    asking = _Asking(user, known, progress)
    return await asking.run(network, patience or _five_seconds, thorough=thorough)


async def system_network(ca_file: Path | None = None) -> Network:
    """The network with the system's DNS and trusted authorities, and those in ``ca_file``.

    Raises:
        DiscoveryError: this computer has no settings for DNS.
        OSError: ``ca_file`` cannot be read.
    """
    from tuimail.accounts.discovery.dns_resolver import DnsResolver

    resolver, context = await asyncio.gather(
        DnsResolver.of_system(within=DEADLINE), asyncio.to_thread(tls_context, ca_file)
    )
    return Network(resolver, context)


def inquiries(user: MailUser) -> list[Inquiry]:
    """Every source, the best first."""
    domain = user.domain
    return [
        Inquiry(user, Origin.AUTOCONFIG, f"autoconfig.{domain}", look_at_host),
        Inquiry(user, Origin.AUTOCONFIG, f"web server of {domain}", look_at_well_known),
        Inquiry(user, Origin.ISPDB, ISPDB, look_in_ispdb),
        Inquiry(user, Origin.SRV, f"SRV records of {domain}", look_up_services),
        Inquiry(user, Origin.MX, "MX host's provider", look_up_provider),
        Inquiry(user, Origin.GUESS, "guess", guess),
    ]


class _Asking:
    """All sources asked about one address."""

    def __init__(self, user: MailUser, known: FoundAccount | None, progress: Progress | None) -> None:
        self._user = user
        self._known = known
        self._progress = progress
        self._inquiries = inquiries(user)
        self._pending: dict[asyncio.Future[None], Inquiry] = {}
        self._reasons: dict[str, str] = {}
        self._news = asyncio.Event()
        for each in self._inquiries:
            each.news = self._news.set

    async def run(self, network: Network | None, patience: Patience, *, thorough: bool) -> DiscoveryReport:
        """See ``discover``."""
        time_is_up = self._announced(patience())
        opening = self._announced(_opened(network))
        try:
            await self._news.wait()
            if opening.done() and opening.exception() is None:
                reached = opening.result()
                self._pending = {self._announced(each.look(each, reached)): each for each in self._inquiries}
            else:
                self._reasons = {each.source: "This computer cannot look up names." for each in self._inquiries}
            report = self._report()
            while self._pending and (thorough or not report.decided) and not time_is_up.done():
                await self._news.wait()
                self._news.clear()
                self._collect()
                report = self._report()
                if self._progress is not None:
                    self._progress(report)
            if time_is_up.done():
                for each in self._pending.values():
                    self._reasons[each.source] = "It did not answer in time."
            return self._report(pending=())
        finally:
            await _end((time_is_up, opening, *self._pending))

    def _announced(self, work: Awaitable[_T]) -> asyncio.Future[_T]:
        """``work`` as a task whose end is news."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _done: self._news.set())
        return task

    def _collect(self) -> None:
        for task in [each for each in self._pending if each.done()]:
            inquiry = self._pending.pop(task)
            error = task.exception()
            if isinstance(error, DiscoveryError):
                self._reasons[inquiry.source] = str(error)
            elif error is not None:
                # One source's fault must not hide what the others have; its text may hold the address.
                _log.error("discovery by %s failed: %s", inquiry.origin.name, type(error).__name__)
                self._reasons[inquiry.source] = "It failed in a way that was not expected."

    def _report(self, pending: Sequence[Inquiry] | None = None) -> DiscoveryReport:
        waiting = list(self._pending.values()) if pending is None else pending
        found = [each.found for each in self._inquiries if each.found is not None]
        accounts = ranked([self._known, *found] if self._known is not None else found)
        sent = (each for inquiry in self._inquiries for each in inquiry.sent)
        return DiscoveryReport(
            address=self._user.address,
            accounts=accounts,
            failures=tuple(
                SourceFailure(each.source, self._reasons[each.source])
                for each in self._inquiries
                if each.source in self._reasons and each.found is None
            ),
            sent=tuple(dict.fromkeys(sent)),
            pending=tuple(each.source for each in waiting),
            decided=not waiting or (bool(accounts) and all(each.origin >= accounts[0].origin for each in waiting)),
        )


async def _five_seconds() -> None:
    await asyncio.sleep(DEADLINE)


async def _opened(network: Network | None) -> Network:
    return network or await system_network()


async def _end(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
