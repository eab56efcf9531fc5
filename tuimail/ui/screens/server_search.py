"""The servers of a new account: looked for, shown one after the other, or named by the user."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tuimail.accounts.setup.proposal import by_hand, of_found
from tuimail.errors import AddressError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.screens.setup_stage import GOING_ON, SetupStage
from tuimail.ui.views import setup_notes
from tuimail.ui.widgets.form_fields import Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.accounts.discovery.values import DiscoveryReport, FoundAccount
    from tuimail.ui.screens.setup_stage import SetupHost
    from tuimail.ui.text.cells import Line

BY_HAND = "Your provider's help pages name its servers."


class ServerSearch:
    """Of one form."""

    def __init__(self, host: SetupHost) -> None:
        self._host = host
        self._report: DiscoveryReport | None = None
        self.before = SetupStage.ADDRESS
        """Where a search that is cancelled goes back to."""

    @property
    def found(self) -> tuple[FoundAccount, ...]:
        """The best first."""
        return () if self._report is None else self._report.accounts

    def show_planned(self) -> None:
        """Say what a search would send to whom."""
        from tuimail.accounts.discovery import planned
        from tuimail.accounts.discovery.user_name import MailUser
        from tuimail.accounts.discovery.values import DiscoveryError

        notes: list[Line] = [setup_notes.sentence(setup_notes.WELCOME)]
        try:
            user = MailUser.of(self._host.form.address.value.strip())
            key = self._host.program.keymap.key("account-by-hand")
            notes = setup_notes.planned_notes(user.address, planned(user.address), key)
        except (AddressError, DiscoveryError):
            pass  # it is being typed
        self._host.notes.show(notes)

    def look_up(self) -> None:
        """Find the servers of the address."""
        host = self._host
        if host.stage not in (SetupStage.ADDRESS, SetupStage.SETTINGS):
            host.say(GOING_ON[host.stage])
        elif host.address_is_right():
            self.before, self._report = host.stage, None
            address = host.form.address.value.strip()
            host.notes.show(setup_notes.progress_notes(None, address))
            host.begin(SetupStage.LOOKING, partial(self._look, address))

    async def _look(self, address: str, turn: int) -> None:
        from tuimail.accounts.discovery import discover

        host = self._host

        def tell(report: DiscoveryReport) -> None:
            if turn == host.turn:
                host.notes.show(setup_notes.progress_notes(report, address))

        report = await discover(address, progress=tell)
        if turn != host.turn:
            return
        self._report = report
        host.form.found.offer(_options(report.accounts))
        if report.accounts:
            self.show(0)
            host.point_at_next()
        else:
            self._name_servers(setup_notes.nothing_notes(report))
            host.say("No servers were found. Name them here.", Severity.WARNING)

    def show(self, at: int) -> None:
        """Show one of those that were found."""
        if self._report is not None and at < len(self.found):
            typed = self._host.form.snapshot()
            made = of_found(self.found[at], self._report.address, self._host.taken, name=typed.name)
            self._host.show_settings(replace(made, address=typed.address), setup_notes.proposal_notes(made))

    def other(self) -> None:
        """Show the next of those that were found."""
        if self._host.stage is SetupStage.SETTINGS and len(self.found) > 1:
            self._host.form.found.choice.turn(1)
            self.show(self._host.form.found.value)
        else:
            self._host.say("Nothing else was found.")

    def by_hand(self) -> None:
        """Let the user name the servers."""
        if self._host.stage is not SetupStage.ADDRESS:
            self._host.say("Everything can be changed already.")
        elif self._host.address_is_right():
            self._host.form.found.offer(())
            self._name_servers([setup_notes.sentence(BY_HAND)])
            self._host.say("")

    def _name_servers(self, notes: Sequence[Line]) -> None:
        form = self._host.form
        typed = form.snapshot()
        self._host.show_settings(by_hand(typed.address, self._host.taken, name=typed.name), notes)
        form.focus_on(form.imap.host)


def _options(found: Sequence[FoundAccount]) -> list[Option[int]]:
    count = len(found)
    names = [f"{each.source} ({each.provider})" if each.provider else each.source for each in found]
    where = [f", {at + 1} of {count}" if count > 1 else "" for at in range(count)]
    return [Option(at, safe_line(name) + where[at]) for at, name in enumerate(names)]
