"""The sign-in of a new account, and what follows: it is saved and opened, or everything stays as it was typed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tuimail.accounts.setup.settings import faults
from tuimail.accounts.setup.wording import listed
from tuimail.errors import TuimailError
from tuimail.events import Severity
from tuimail.mail.text import safe_line
from tuimail.ui.screens.account_opening import open_account
from tuimail.ui.screens.setup_stage import SetupStage
from tuimail.ui.views import setup_notes

if TYPE_CHECKING:
    from tuimail.accounts.finding import Finding
    from tuimail.accounts.setup.proposal import Proposal
    from tuimail.accounts.setup.proving import Proof
    from tuimail.ui.screens.setup_stage import SetupHost

UNREACHED = "Not every server was reached, so it was not tried. Save the account anyway?"
READING = "The account is saved. Its inbox is being read."
PATIENCE = 10.0
"""Seconds that the first look at the inbox may take before the main menu is shown instead."""
AGAIN = 1.0
"""Seconds after which it is looked for again in any case."""
NOT_AGREED = "Nothing was sent. Change the servers, or ask your provider for their names."


class AccountSignIn:
    """Of one form."""

    def __init__(self, host: SetupHost) -> None:
        self._host = host
        self._agreed: frozenset[str] = frozenset()
        """Hosts that only unprotected DNS names, and that the user agreed to (RFC 6186 section 6)."""
        self.mail_came = asyncio.Event()
        """Set when something of some mailbox was read."""

    async def sign_in(self) -> None:
        """Sign in at both servers with what stands in the form, unless something is wrong or missing there."""
        host = self._host
        proposal = host.form.snapshot()
        for key, words in faults(proposal, host.taken).items():
            host.complain_of(key, words)
            return
        secret = host.form.password.value if proposal.wants_password else ""
        if proposal.wants_password and not secret:
            host.form.focus_on(host.form.password)
            host.say("Type the app password." if proposal.wants_app_password else "Type the password.")
        elif await self._agreed_to(proposal):
            host.notes.show(setup_notes.finding_notes(()))
            host.begin(SetupStage.TRYING, partial(self._try, proposal, secret))
        else:
            host.say(NOT_AGREED)

    async def _agreed_to(self, proposal: Proposal) -> bool:
        asked = tuple(each for each in proposal.unconfirmed if each not in self._agreed)
        if asked:
            hosts = safe_line(listed(asked))
            question = f"Is it right that your password goes to {hosts}? Only DNS, which can be forged, names it."
            if not await self._host.prompts.ask_yes_no(question, default=False):
                return False
            self._agreed |= set(asked)
        return True

    async def _try(self, proposal: Proposal, secret: str, turn: int) -> None:
        from tuimail.accounts.setup.proving import prove

        host = self._host
        findings: list[Finding] = []

        def tell(finding: Finding) -> None:
            if turn == host.turn:
                findings.append(finding)
                host.notes.show(setup_notes.finding_notes(findings), follow=True)

        proof = await prove(proposal, secret, host.program.engine.paths.config_file, progress=tell)
        if turn != host.turn:
            return
        if proof.proven:
            # In a turn of its own: what is being saved is not cancelled with the sign-in.
            host.begin(SetupStage.SAVING, partial(self._save, proof))
            return
        host.back_to_settings()
        host.notes.show(setup_notes.refusal_notes(proof.findings))
        if proof.offline:
            host.carry_out(lambda _screen: self._ask_anyway(proof))
        else:
            host.say(setup_notes.what_to_do(proof.findings), Severity.ERROR)

    async def _ask_anyway(self, proof: Proof) -> None:
        if await self._host.prompts.ask_yes_no(UNREACHED, default=False):
            self._host.begin(SetupStage.SAVING, partial(self._save, proof))
        else:
            self._host.say(setup_notes.what_to_do(proof.findings), Severity.ERROR)

    async def _save(self, proof: Proof, _turn: int) -> None:
        from tuimail.accounts.setup.saving import password_servers, save
        from tuimail.config.secrets import remember

        host = self._host
        engine = host.program.engine
        wanted = host.form.store.value if proof.proposal.wants_password else None
        store = None if wanted is engine.config.secrets.store else wanted
        try:
            saved = await save(proof, engine.paths, store=store, anyway=not proof.proven)
        except TuimailError as error:
            host.back_to_settings()
            host.complain(error)
            return
        for each in password_servers(proof.account):
            # What was just typed need not be read back from its store.
            remember(each, saved.account, proof.secret.value)
        host.form.password.clear()
        trouble: TuimailError | None = None
        try:
            await engine.reconfigure(saved.config)
        except TuimailError as error:
            trouble = error  # of the outbox: the account is saved, and at work all the same
        host.say(READING)
        open_account(host.program, saved, proof, inbox=await self._inbox_came(saved.account, proof))
        if trouble is not None:
            host.program.complain(trouble)

    async def _inbox_came(self, account: str, proof: Proof) -> bool:
        """Wait until the inbox is known here; False: it has none, or that takes too long."""
        if not proof.proven or not proof.account.has_mail:
            return False
        mail = self._host.program.engine.mail
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    self.mail_came.clear()
                    if any(each.account == account and each.name == "INBOX" for each in await mail.folders()):
                        return True
                    # What is read while another screen is on top is told to that one.
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.mail_came.wait(), AGAIN)
        return False
