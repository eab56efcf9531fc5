"""Signs in to the servers of a proposal, and says step by step what works."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail import log
from tuimail.accounts.check import check_account
from tuimail.accounts.finding import Finding, Step
from tuimail.accounts.setup.advice import advised
from tuimail.accounts.setup.proposal import Reading
from tuimail.accounts.setup.settings import account_of
from tuimail.config.secrets import COMMAND_LIMIT, Secret
from tuimail.errors import SecretError
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.accounts.setup.proposal import Proposal
    from tuimail.config.model import Account, Server


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of a proposal at its servers; what ``saving.save`` takes."""

    proposal: Proposal
    account: Account
    """As it will be in the config."""
    secret: Secret
    """What it was tried with; empty if nothing was typed."""
    findings: tuple[Finding, ...]
    """Submission first."""

    @property
    def proven(self) -> bool:
        """All works."""
        return all(each.ok for each in self.findings)

    @property
    def refused(self) -> bool:
        """A server refused the sign-in, or there is no password for it."""
        return any(not each.ok and each.step is Step.SIGN_IN for each in self.findings)

    @property
    def offline(self) -> bool:
        """Nothing is known to be wrong, but not every server was reached."""
        return not self.proven and all(each.ok or each.step is Step.CONNECT for each in self.findings)


async def prove(
    proposal: Proposal, secret: str, file: Path, *, progress: Callable[[Finding], None] = lambda _finding: None
) -> Proof:
    """Go the whole way in at every server of ``proposal``; nothing is sent and nothing is stored.

    Args:
        proposal: without faults.
        secret: what was typed; not used where a command prints it.
        file: the config file that the account will be in.
        progress: told each finding as soon as it is made.

    Raises:
        ConfigError: a field is wrong.
    """
    account = account_of(proposal, file)
    log.register_secret(secret)

    def tell(finding: Finding) -> None:
        progress(advised(finding, proposal))

    findings = list(await check_account(account, _Given(secret), progress=tell))
    if proposal.reading is Reading.MBOX and account.mbox is not None:
        finding = await asyncio.to_thread(_readable, account.mbox)
        tell(finding)
        findings.append(finding)
    return Proof(proposal, account, Secret(secret), tuple(advised(each, proposal) for each in findings))


class _Given:
    """The password of each server: what was typed, or what its command prints, which is run once."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._printed: asyncio.Task[str] | None = None

    async def __call__(self, server: Server) -> str:
        if not server.password_command:
            if not self._typed:
                raise SecretError("There is no password yet.", hint="Type it.")
            return self._typed
        if self._printed is None:
            self._printed = asyncio.create_task(self._ask(server.password_command))
        return await asyncio.shield(self._printed)

    async def _ask(self, command: tuple[str, ...]) -> str:
        from tuimail.config.password_command import first_line

        value = await first_line(command, f"The password command {safe_line(command[0])}", limit=COMMAND_LIMIT)
        log.register_secret(value)
        return value


def _readable(path: Path) -> Finding:
    where = safe_line(str(path))
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            with path.open("rb") as stream:
                stream.read(1)
    except OSError as error:
        reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        return Finding(where, Step.MAILBOX, False, f"{where} {reason}.", "Name another file, or a folder of them.")
    return Finding(where, Step.MAILBOX, True, "Mail is read there; it is never changed.")
