"""A server that misbehaves: every stage of a dialogue, met with every kind of misbehaviour, over TLS and in clear.

Each cell is one letter: tried at the misbehaving server, looked at, then tried again at a good one an hour later, as a
user would. Before the dot nothing may have been sent and the letter goes once; after it, whatever is not an answer
leaves the letter uncertain, and it does not go again until somebody asks for it.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from tests.outbox.scene import SetClock
from tests.proof.desk import Desk, finished
from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.workers import spread, workshop
from tests.submission.conftest import PATIENT, submitter
from tests.support.scripted_smtp import (
    Alert,
    Close,
    Expect,
    Flood,
    Letter,
    Raw,
    ReadBytes,
    Reset,
    Say,
    ScriptedServer,
    Silence,
    Slowly,
    StartTls,
    Step,
    Trickle,
    hello,
)  # fmt: skip
from tuimail.config.model import Auth, Security
from tuimail.outbox.model.states import ItemState, Verb
from tuimail.submission.wire import Timeouts

if TYPE_CHECKING:
    from collections.abc import Sequence

S = ItemState
LINE = "A line of a letter that is long enough to be read in part.\r\n"
BODY, LONG = LINE * 10, LINE * 100_000
"""The long one does not fit into the buffers on the way, so that its dot cannot be on the way unread."""

STARTED = (*hello("STARTTLS"), Expect("STARTTLS", "220 go ahead"), StartTls(), Expect("EHLO", "250 mx.example"))
SIGNED_IN = (*hello("AUTH PLAIN"), Expect("AUTH", "235 2.7.0 welcome"))
ENVELOPE = (Expect("MAIL", "250 ok"), Expect("RCPT", "250 ok"), Expect("DATA", "354 go on"))


@dataclass(frozen=True, slots=True)
class Stage:
    """A moment of a dialogue: what came before it, and what a good server does all along."""

    before: tuple[Step, ...]
    good: tuple[Step, ...] = (*hello(), *ENVELOPE, Letter())
    security: Security = Security.NONE
    auth: Auth = Auth.NONE


STAGES = {
    "greeting": Stage(()),
    "EHLO": Stage((Say("220 mx.example ESMTP"), Expect("EHLO"))),
    "STARTTLS": Stage((*hello("STARTTLS"), Expect("STARTTLS")), (*STARTED, *ENVELOPE, Letter()), Security.STARTTLS),
    "AUTH": Stage((*hello("AUTH PLAIN"), Expect("AUTH")), (*SIGNED_IN, *ENVELOPE, Letter()), auth=Auth.PASSWORD),
    "MAIL": Stage((*hello(), Expect("MAIL"))),
    "RCPT": Stage((*hello(), *ENVELOPE[:1], Expect("RCPT"))),
    "DATA": Stage((*hello(), *ENVELOPE[:2], Expect("DATA"))),
    "body": Stage((*hello(), *ENVELOPE, ReadBytes(1000))),
    "dot": Stage((*hello(), *ENVELOPE, Letter(""))),
    "QUIT": Stage((*hello(), *ENVELOPE, Letter(), Expect("QUIT"))),
}

FAULTS: dict[str, tuple[Step, ...]] = {
    "close": (Close(),),
    "reset": (Reset(),),
    "421": (Say("421 4.3.2 closing"), Close()),
    "4yz": (Say("451 4.3.0 try again later"),),
    "5yz": (Say("554 5.3.0 no"),),
    "garbage": (Raw(b"\xff\xfe\x00 what is this?\r\n"), Silence()),
    "endless reply": (Flood(b"250-and on and on\r\n"),),
    "endless line": (Flood(b"250 and on and on "),),
    "1 byte at a time": (Trickle("250 " + "o" * 200, 0.05),),
    "silence": (Silence(),),
    "TLS alert": (Alert(),),
}


def faults(stage: str, fault: str) -> tuple[Step, ...]:
    """The misbehaviour; who is silent in the middle of a letter does not read on either."""
    return (Slowly(asyncio.Event()),) if (stage, fault) == ("body", "silence") else FAULTS[fault]


REFUSED = {
    "greeting": {S.DEFERRED, S.BLOCKED}, "EHLO": {S.BLOCKED}, "STARTTLS": {S.BLOCKED}, "AUTH": {S.BLOCKED},
    "MAIL": {S.FAILED}, "RCPT": {S.FAILED}, "DATA": {S.FAILED}, "body": {S.FAILED}, "dot": {S.FAILED},
}  # fmt: skip
"""What a 5yz leads to at each stage."""

ANSWERS = {"421", "4yz", "5yz"}

SHORT = Timeouts(connect=5, tls=1, hello=0.4, envelope=0.4, data=0.4, stall=0.4, commit=0.4, quit=0.4)
"""Seconds, for what never comes; anything but silence and trickling is over long before."""

CELLS = [
    (stage, fault, over_tls)
    for over_tls in (False, True)
    for stage in STAGES
    for fault in FAULTS
    if (over_tls or fault != "TLS alert") and not (over_tls and stage == "STARTTLS")
]


def expected(stage: str, fault: str) -> set[ItemState]:
    """The reply table."""
    if stage == "QUIT":
        return {S.ACCEPTED}
    if fault == "5yz":
        return REFUSED[stage]
    if stage == "dot" and fault not in ANSWERS:
        return {S.UNCERTAIN}
    return {S.DEFERRED}


class Machine:
    """What all cells share: an authority for the servers' certificates."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)


async def cell(machine: Machine, folder: Path, stage: str, fault: str, over_tls: bool) -> Figure:
    """One letter meets one misbehaviour."""
    at = STAGES[stage]
    desk = Desk(folder, SetClock())
    body = LONG if stage == "body" else BODY
    (item_id,) = desk.queue(1, "bob@example.net", body=body)
    bad = ScriptedServer([(*at.before, *faults(stage, fault))], machine.context, over_tls, receive_buffer=4096)
    good = ScriptedServer([at.good], tls=machine.context, implicit=over_tls)
    said: list[str] = []

    async def tried_at(server: ScriptedServer, timeouts: Timeouts) -> ItemState:
        way = submitter(
            server.port,
            timeouts=timeouts,
            security=Security.TLS if over_tls else at.security,
            auth=at.auth,
            username="ada",
            ca_file=machine.ca_file,
        )
        await desk.send(lambda account: way)
        return desk.item(item_id).state

    async with bad, good:
        state = await tried_at(bad, SHORT)
        if state not in expected(stage, fault):
            said.append(f"{state} after it, not {' or '.join(sorted(expected(stage, fault)))}")
        if bad.dots and stage not in ("dot", "QUIT"):
            said.append("the dot was sent")
        flagged = state is S.UNCERTAIN
        desk.clock.move(3600)
        if state is S.BLOCKED:
            desk.on_store(lambda store: store.accounts.fixed("account0"))
        elif state is S.FAILED:
            desk.on_store(lambda store: store.actions.apply(Verb.RETRY, item_id))
        again = await tried_at(good, PATIENT)
        taken_once = state is S.ACCEPTED
        if flagged:
            if good.dots or again is not S.UNCERTAIN:
                return Figure(doubled=1, flagged=1)
            desk.on_store(lambda store: store.actions.apply(Verb.RESOLVE_RESEND, item_id))
            again = await tried_at(good, PATIENT)
        if again not in (S.ACCEPTED, S.DONE):
            said.append(f"{again} after a good server")
    return Figure(
        lost=int(not taken_once and not good.dots),
        doubled=int(good.dots > (not taken_once)),
        wrong=sum(body.encode() not in each for each in good.letters),
        flagged=int(flagged),
        failures=tuple(said),
    )


def cells(folder: Path, chosen: Sequence[tuple[str, str, bool]]) -> Figure:
    """Some of the cells."""
    machine = Machine(folder)
    figures = [Figure()]
    for stage, fault, over_tls in chosen:
        place = Path(tempfile.mkdtemp(dir=folder)) / "outbox"
        figure = finished(cell(machine, place, stage, fault, over_tls), 60.0)
        figures.append(figure.at(f"{fault} at {stage}{' over TLS' if over_tls else ''}"))
    return total(figures)


def run(full: bool) -> Figure:
    """The rig; quick, every 13th cell."""
    chosen = CELLS if full else CELLS[::13]
    with workshop() as folder:
        figures = spread(cells, chosen, folder)
    return total([Figure(plural(len(chosen), "cell")), *figures])


RIG = Rig(
    "protocol",
    "every stage of SMTP x closed, reset, 421, 4yz, 5yz, garbage, endless, trickling, silent, TLS alert",
    run,
)
