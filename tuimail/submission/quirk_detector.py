"""What one attempt finds out about a server: which quirks it has, and which it no longer has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuimail.submission.failure import Failure
from tuimail.submission.quirks import Quirk, quirks_of, refused_parameters
from tuimail.submission.verdicts import hung_up

if TYPE_CHECKING:
    from collections.abc import Collection

    from tuimail.submission.result import Reply, Stage, Verdict

_OUT_OF_STEP = re.compile(r"synchroni[sz]|pipelin", re.IGNORECASE)
"""Replies of servers that do not support pipelined commands; Exim: "554 SMTP synchronization error"."""
_OTHER_REASON = re.compile(r"shut|restart|too many|limit|rate", re.IGNORECASE)
"""Text of a 421 that is not caused by pipelined commands."""


class QuirkDetector:
    """The workarounds that one attempt uses, and the quirks that it finds. ``known``: the quirks known before."""

    def __init__(self, known: Collection[Quirk] = ()) -> None:
        self.one_at_a_time = Quirk.NO_PIPELINING in known
        """Each command waits for the reply to the previous one."""
        self.left_out = set(refused_parameters(known))
        """The ESMTP parameters that are not sent."""
        self.learnt: dict[Quirk, bool] = {}
        """Quirks that this attempt found (True), or found to be gone (False)."""
        self._known_one_at_a_time = self.one_at_a_time
        self._suspected: dict[str, Stage] = {}
        """Parameters left out because the command with them was refused at that stage."""

    # -- parameters

    def leave_out(self, verdict: Verdict) -> bool:
        """Leave the refused parameters out from now on. Returns whether the command may be repeated without them."""
        fresh = set(verdict.drop.split()) - self.left_out
        self.left_out |= fresh
        self._suspected.update(dict.fromkeys(fresh, verdict.stage))
        return bool(fresh)

    def command_accepted(self, stage: Stage) -> None:
        """The command of ``stage`` was accepted: if only without some parameters, the server refuses these."""
        refused = [name for name, at in self._suspected.items() if at is stage]
        self.learnt.update(dict.fromkeys(quirks_of(refused), True))

    # -- pipelined commands

    def fails_at_group(self, reply: Reply) -> bool:
        """Whether ``reply``, to a command sent in a group, means that the server does not support groups."""
        return reply.code >= 400 and (
            reply.code == 503 or (reply.code != 421 and _OUT_OF_STEP.search(reply.text) is not None)
        )

    def envelope_accepted(self) -> None:
        """DATA was accepted: if only one command at a time worked, the server cannot handle groups."""
        if self.one_at_a_time and not self._known_one_at_a_time:
            self.learnt[Quirk.NO_PIPELINING] = True

    def note_hang_up(self, verdict: Verdict, *, group: bool) -> None:
        """If the server hung up with ``verdict`` and gave no other reason, a ``group`` of commands was the cause."""
        if not hung_up(verdict) or verdict.problem is not None or verdict.crowded or verdict.reply is None:
            return
        if self.one_at_a_time:
            self.learnt[Quirk.NO_PIPELINING] = False  # pipelining was not the cause
        elif group and not _OTHER_REASON.search(verdict.reply.text):
            self.learnt[Quirk.NO_PIPELINING] = True

    def connection_failed(self, failure: Failure, *, group: bool) -> None:
        """The connection failed before the envelope was answered."""
        if group and failure is Failure.TIMEOUT:
            self.learnt[Quirk.NO_PIPELINING] = True
        elif self.one_at_a_time and failure in (Failure.EOF, Failure.RESET, Failure.TIMEOUT):
            self.learnt[Quirk.NO_PIPELINING] = False  # pipelining was not the cause

    def failed_past_dot(self) -> None:
        """The server failed when commands followed the final dot."""
        self.learnt[Quirk.NOTHING_PAST_DOT] = True
