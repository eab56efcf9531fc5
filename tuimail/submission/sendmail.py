"""Handing a letter to a local command in the manner of sendmail(8), as in the old days."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.mail.text import safe_line
from tuimail.submission.classify import Context, classify_loss
from tuimail.submission.commands import sendable
from tuimail.submission.mishap import Mishap
from tuimail.submission.result import Action, Reply, Stage, SubmissionResult, Trouble, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tuimail.submission.submitter import Letter, Watcher

MAX_STDERR = 4096
"""Bytes of the command's complaint that are kept."""
WITHOUT_T = {"-t": "", "--read-recipients": "", "-it": "-i", "-ti": "-i"}
"""Options that take the recipients from the header, and what is left of them."""


@dataclass(frozen=True, slots=True)
class CommandTimeouts:
    """Seconds."""

    stall: float = 180.0
    """Without the command reading on."""
    finish: float = 600.0
    """From the end of the letter to the command's end; a daemon's own first try may lie in between."""


class CommandSubmitter:
    """A command as the way out of one account (submission/submitter.Submitter).

    It gets the letter on its standard input with the line ends of this machine, and the envelope as arguments:
    ``-f SENDER -- RECIPIENT...`` after those configured. A configured ``-t`` is left out: with it the command would
    take the recipients from the header, where the Bcc ones are not, and those served before still are. No shell sees
    any of it. Everything is taken when the command ends with 0; it must not deliver before its input has ended.
    """

    def __init__(self, argv: tuple[str, ...], *, timeouts: CommandTimeouts | None = None) -> None:
        self._argv = argv
        self._timeouts = timeouts or CommandTimeouts()

    async def submit(self, letter: Letter, watcher: Watcher) -> SubmissionResult:
        """Run the command once. Raises only what ``watcher`` raises; nothing was sent then."""
        addresses = dict.fromkeys(letter.envelope.addresses)
        good = [address for address in addresses if sendable(address, smtputf8=True)]
        refused = classify_loss(Stage.RCPT, Mishap.BAD_RECIPIENT)
        if not good:
            return SubmissionResult(dict.fromkeys(addresses, refused))
        until = letter.envelope.hold_until
        if until is not None and until > time.time():
            kept = classify_loss(Stage.MAIL, Mishap.NO_FUTURE_RELEASE, Context(host="A local command"))
            return SubmissionResult(dict.fromkeys(addresses, kept))
        argv = command_line(self._argv, letter.envelope.sender, good)
        attempt = _Attempt(argv, letter, watcher, self._timeouts)
        verdict = await attempt.run()
        held = verdict if verdict.action is Action.ACCOUNT else None
        return SubmissionResult(
            recipients=dict.fromkeys(addresses, refused) | dict.fromkeys(good, verdict),
            account=held,
            touched=attempt.touched,
            dialogue=tuple(attempt.dialogue),
            via=safe_line(self._argv[0]),
        )

    async def close(self) -> None:
        """Nothing is kept open between letters."""


def command_line(argv: tuple[str, ...], sender: str, recipients: Iterable[str]) -> list[str]:
    """The arguments for one letter."""
    program, *options = argv
    kept = [WITHOUT_T.get(option, option) for option in options]
    return [program, *(option for option in kept if option), "-f", sender or "<>", "--", *recipients]


def with_local_line_ends(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""``pieces`` with every CRLF as LF, wherever the pieces are cut."""
    held = b""
    for piece in pieces:
        joined = held + piece
        held = b"\r" if joined.endswith(b"\r") else b""
        joined = joined.removesuffix(held) if held else joined
        if joined:
            yield joined.replace(b"\r\n", b"\n")
    if held:
        yield held


class _Attempt:
    """One run of the command."""

    def __init__(self, argv: list[str], letter: Letter, watcher: Watcher, timeouts: CommandTimeouts) -> None:
        self.touched = False
        self.dialogue = [safe_line("$ " + " ".join(argv))[:1000]]
        self._argv = argv
        self._letter = letter
        self._watcher = watcher
        self._timeouts = timeouts
        # A file, not a pipe: a delivery left running in the background would keep a pipe open.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by run)

    async def run(self) -> Verdict:
        """What it came to."""
        self._watcher.stage(Stage.CONNECT)
        with self._stderr:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._argv,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=self._stderr,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
                return classify_loss(Stage.CONNECT, Mishap.NO_COMMAND, detail=safe_line(f"{self._argv[0]}: {reason}."))
            try:
                await self._watcher.touching()
                self.touched = True
                return await self._feed(process)
            finally:
                await _end(process)

    async def _feed(self, process: asyncio.subprocess.Process) -> Verdict:
        assert process.stdin is not None  # noqa: S101 (it was asked for)
        self._watcher.stage(Stage.BODY)
        sent, total = 0, self._letter.content.size
        pieces = with_local_line_ends(self._counted())
        last = b""
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                # The last piece waits for committing(): before it the command cannot have the whole letter.
                await self._write(process.stdin, last)
                sent += len(last)
                self._watcher.progress(min(sent, total), total)
                last = piece
        except _UnreadableError as error:
            return classify_loss(Stage.BODY, Mishap.UNREADABLE, detail=safe_line(str(error)))
        except TimeoutError:
            return self._broken("The command stopped reading the letter; trying again later.")
        except (BrokenPipeError, ConnectionResetError):
            return await self._ended_early(process)
        await self._watcher.committing()
        if process.returncode is not None:
            return await self._ended_early(process)
        self._watcher.stage(Stage.COMMITTING)
        try:
            await self._write(process.stdin, last)
            process.stdin.close()
            await process.stdin.wait_closed()
        except (BrokenPipeError, ConnectionResetError):
            # It ended without reading on: its exit code still tells what it made of the letter.
            pass
        except TimeoutError:
            return self._uncertain("The command stopped reading the letter at its very end")
        self._watcher.progress(total, total)
        try:
            code = await asyncio.wait_for(process.wait(), self._timeouts.finish)
        except TimeoutError:
            return self._uncertain("The command did not end in time")
        return self._judge(Stage.COMMITTING, code)

    def _counted(self) -> Iterator[bytes]:
        total = self._letter.content.size
        sent = 0
        try:
            for piece in self._letter.content.chunks():
                sent += len(piece)
                yield piece
        except OSError as error:
            raise _UnreadableError(error.strerror or str(error)) from error
        if sent != total:
            raise _UnreadableError("Its length has changed.")

    async def _write(self, stdin: asyncio.StreamWriter, data: bytes) -> None:
        stdin.write(data)
        await asyncio.wait_for(stdin.drain(), self._timeouts.stall)

    async def _ended_early(self, process: asyncio.subprocess.Process) -> Verdict:
        """The command ended before it had the whole letter, so it cannot have sent it."""
        try:
            code = await asyncio.wait_for(process.wait(), self._timeouts.stall)
        except TimeoutError:
            return self._broken("The command stopped reading the letter; trying again later.")
        if code == 0:
            return self._broken("The command ended before it had the whole letter; trying again later.")
        return self._judge(Stage.BODY, code)

    def _judge(self, stage: Stage, code: int) -> Verdict:
        self.dialogue.append(f"exit code {code}" if code >= 0 else f"killed by {_signal_name(-code)}")
        said = self._said()
        if said:
            self.dialogue.append(said)
        return classify_exit(stage, code, said)

    def _broken(self, words: str) -> Verdict:
        return Verdict(Action.RETRY, Stage.BODY, words, Reply(0, "", self._said()))

    def _uncertain(self, what: str) -> Verdict:
        words = f"{what}; the letter may have been sent. Look in its queue or in Sent before you send it again."
        return Verdict(Action.UNCERTAIN, Stage.COMMITTING, words, Reply(0, "", self._said()))

    def _said(self) -> str:
        self._stderr.seek(0)
        return safe_line(" ".join(self._stderr.read(MAX_STDERR).decode("utf-8", "replace").split()))[:1000]


class _UnreadableError(Exception):
    """The letter's file cannot be read to its end."""


_OUTCOMES: dict[int, tuple[Action, str, Trouble | None, int | None, Action | None]] = {
    0: (Action.OK, "The command took it.", None, None, None),
    64: (Action.MESSAGE, "The command does not take these arguments; look at the account's command.", None, None, None),
    65: (Action.MESSAGE, "The command refused the letter; its words say why.", None, None, None),
    67: (Action.RECIPIENT, "There is no such recipient; check the address.", None, None, None),
    68: (Action.RECIPIENT, "The part after the @ does not exist; check the address.", None, None, None),
    69: (Action.RETRY, "The mail service is not available; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    70: (Action.RETRY, "The mail command failed inside; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    71: (Action.RETRY, "The system could not run the mail command; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    74: (Action.RETRY, "The mail command could not write; trying again.", Trouble.SERVER, 5, Action.ACCOUNT),
    75: (Action.RETRY, "The mail command cannot send just now; trying again later.", None, None, None),
    77: (Action.ACCOUNT, "You may not send mail with this command.", Trouble.SERVER, None, None),
    78: (Action.ACCOUNT, "The mail command is not set up; look at its configuration.", Trouble.SERVER, None, None),
    126: (Action.ACCOUNT, "The command that sends letters cannot be run.", Trouble.SERVER, None, None),
    127: (Action.ACCOUNT, "The command that sends letters does not exist.", Trouble.SERVER, None, None),
}


def classify_exit(stage: Stage, code: int, said: str) -> Verdict:
    """What the exit code means (sysexits; 126 and 127 are a wrapper's); negative: killed by that signal.

    A code that says nothing is UNCERTAIN once the command had the whole letter, else another try.
    """
    reply = Reply(0, "", " ".join(part for part in (f"exit code {code}.", said) if part))
    known = _OUTCOMES.get(code)
    if known is not None:
        action, words, trouble, tries, then = known
        return Verdict(action, stage, words, reply, trouble=trouble, tries=tries, then=then)
    what = f"killed by {_signal_name(-code)}" if code < 0 else f"ended with the unknown code {code}"
    if stage is Stage.COMMITTING:
        words = f"The mail command was {what}" if code < 0 else f"The mail command {what}"
        words += "; the letter may have been sent. Look in its queue or in Sent before you send it again."
        return Verdict(Action.UNCERTAIN, stage, words, reply)
    words = f"The mail command {'was ' if code < 0 else ''}{what} before it had the whole letter; trying again later."
    return Verdict(Action.RETRY, stage, words, reply)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the command's process group if it still runs: a closed pipe alone would look like the letter's end."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.stdin is not None:
        process.stdin.close()
