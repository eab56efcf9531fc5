"""A letter's whole way through the engine: real Postfix with TLS and sign-in, real Dovecot for Sent and the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.waiting import until
from tests.support.loopback import free_ports
from tuimail.compose.attachment import attach
from tuimail.compose.draft import Draft
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.mail.content import whole
from tuimail.outbox.model.states import ItemState, RecipientState, Verb
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.conftest import Correspondence
    from tuimail.outbox.model.item import OutboxItem

pytestmark = pytest.mark.real_servers


async def sent(engine: Engine, item_id: str) -> OutboxItem:
    async def is_done() -> bool:
        item = await engine.outbox.query(lambda outbox: outbox.item(item_id))
        return item.state is ItemState.DONE

    await until(engine, is_done)
    return await engine.outbox.query(lambda outbox: outbox.item(item_id))


async def reached(engine: Engine, item_id: str, state: ItemState) -> OutboxItem:
    async def is_there() -> bool:
        item = await engine.outbox.query(lambda outbox: outbox.item(item_id))
        return item.state is state

    await until(engine, is_there)
    return await engine.outbox.query(lambda outbox: outbox.item(item_id))


def engine_of(correspondence: Correspondence) -> Engine:
    config = load(correspondence.paths)
    assert config.problems == ()
    return Engine(config, correspondence.paths)


async def test_a_letter_is_accepted_filed_and_read_byte_for_byte(
    correspondence: Correspondence, tmp_path: Path
) -> None:
    correspondence.write_config()
    figures = tmp_path / "Größen & Zahlen.ods"
    figures.write_bytes(bytes(range(256)) * 300)
    engine = engine_of(correspondence)
    await engine.start(run_outbox=False)
    try:
        item = await engine.drafts.enqueue(
            Draft(
                to=f"Bob Müller <{correspondence.bob}>",
                subject="Grüße, 你好 and a very long subject that has to be folded at least once on its way",
                body="Dear Bob,\n\n.a line that begins with a dot\nFrom here on all is well.\n\n"
                + "word " * 300
                + "\n",
                attachments=(attach(str(figures)),),
            )
        )
        frozen = whole(await engine.outbox.content(item.id))
        done = (await engine.outbox.run_once())[0]
    finally:
        await engine.stop()
    assert done.state is ItemState.DONE, done.words
    assert [recipient.state for recipient in done.recipients] == [RecipientState.ACCEPTED]
    (read,) = correspondence.dovecot.wait_for_letters(correspondence.bob)
    assert read.endswith(frozen)
    assert correspondence.dovecot.letters(correspondence.ada, "Sent") == [frozen]


async def test_bcc_recipients_get_the_letter_and_nobody_sees_them(correspondence: Correspondence) -> None:
    correspondence.write_config(imap=False)
    secret = correspondence.postfix.new_user("secret")
    engine = engine_of(correspondence)
    await engine.start()
    try:
        item = await engine.drafts.enqueue(Draft(to=correspondence.bob, bcc=secret, subject="to both", body="hello\n"))
        await sent(engine, item.id)
    finally:
        await engine.stop()
    for reader in (correspondence.bob, secret):
        (read,) = correspondence.dovecot.wait_for_letters(reader)
        head, _, _ = read.partition(b"Message-ID:")
        assert b"Bcc" not in read
        assert secret.encode() not in read[len(head) :]


async def test_a_refused_recipient_is_mended_and_only_that_one_is_served_again(correspondence: Correspondence) -> None:
    correspondence.write_config(imap=False)
    other = correspondence.postfix.new_user("other")
    engine = engine_of(correspondence)
    await engine.start()
    try:
        item = await engine.drafts.enqueue(
            Draft(to=f"nobody@example.org, {correspondence.bob}", subject="to two", body="hello\n")
        )
        failed = await reached(engine, item.id, ItemState.FAILED)
        refused = next(each for each in failed.recipients if each.state is RecipientState.REFUSED)
        assert refused.reply is not None
        assert (refused.address, refused.reply.code, refused.reply.enhanced) == ("nobody@example.org", 550, "5.1.1")
        await engine.outbox.mend(item.id, "nobody@example.org", other)
        await sent(engine, item.id)
    finally:
        await engine.stop()
    assert len(correspondence.dovecot.wait_for_letters(other)) == 1
    assert len(correspondence.dovecot.wait_for_letters(correspondence.bob)) == 1


async def test_a_letter_waits_for_a_server_that_is_down_and_goes_when_it_is_up(correspondence: Correspondence) -> None:
    nobody_there = free_ports(1)[0]
    correspondence.write_config(port=nobody_there)
    engine = engine_of(correspondence)
    await engine.start()
    try:
        item = await engine.drafts.enqueue(Draft(to=correspondence.bob, subject="patience", body="hello\n"))
        waiting = await reached(engine, item.id, ItemState.DEFERRED)
        assert waiting.attempts == 0, "an attempt that met nobody does not count"
        assert waiting.next_attempt_at is not None
    finally:
        await engine.stop()

    correspondence.write_config()
    engine = engine_of(correspondence)
    await engine.start()
    try:
        await engine.outbox.apply(Verb.SEND_NOW, item.id)
        done = await sent(engine, item.id)
    finally:
        await engine.stop()
    assert done.attempts == 1
    assert len(correspondence.dovecot.wait_for_letters(correspondence.bob)) == 1


async def test_a_wrong_password_blocks_the_account_once_and_a_mended_one_lets_all_go(
    correspondence: Correspondence,
) -> None:
    file = correspondence.write_config()
    right = file.read_text()
    file.write_text(right.replace(correspondence.postfix.password, "wrong"))
    engine = engine_of(correspondence)
    await engine.start()
    try:
        first = await engine.drafts.enqueue(Draft(to=correspondence.bob, subject="one", body="hello\n"))
        await reached(engine, first.id, ItemState.BLOCKED)
        second = await engine.drafts.enqueue(Draft(to=correspondence.bob, subject="two", body="hello\n"))
        await reached(engine, second.id, ItemState.BLOCKED)
        health = await engine.accounts.health("work")
        assert health.trouble is AccountProblem.SIGN_IN
    finally:
        await engine.stop()
    tries = [line for line in correspondence.postfix.log().splitlines() if "authentication failed" in line]
    assert sum(correspondence.ada in line for line in tries) == 1, tries

    file.write_text(right)
    engine = engine_of(correspondence)
    await engine.start()
    try:
        await sent(engine, first.id)
        await sent(engine, second.id)
    finally:
        await engine.stop()
    assert len(correspondence.dovecot.wait_for_letters(correspondence.bob, 2)) == 2
