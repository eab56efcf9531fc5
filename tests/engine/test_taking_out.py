"""A letter out of the outbox and back: by two engines, through kills, with its draft changed or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import START, SetClock
from tuimail.compose.draft import Draft
from tuimail.compose.draft_store import DraftStore
from tuimail.config.loader import load
from tuimail.engine import Engine
from tuimail.engine.revise_letter import TakenOut, taken_out
from tuimail.errors import ConfigError, IllegalTransitionError, NoSuchItemError, OutboxError
from tuimail.events import Notice
from tuimail.mail.content import whole
from tuimail.outbox.model.states import ItemState, Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tuimail.paths import Paths

CONFIG = """
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
host = "smtp.example.org"
[accounts.home]
address = "ada@home.example"
[accounts.home.submission]
command = ["/bin/true"]
"""


@pytest.fixture
async def engines(paths: Paths) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two of them on one outbox; their clocks stand still."""
    paths.config_file.parent.mkdir(parents=True, exist_ok=True)
    paths.config_file.write_text(CONFIG)
    paths.config_file.chmod(0o600)
    config, clock = load(paths), SetClock(START)
    one, two = Engine(config, paths, clock=clock), Engine(config, paths, clock=clock)
    await one.start(run_outbox=False)
    await two.start(run_outbox=False)
    yield one, two
    await one.stop()
    await two.stop()


async def out_of(engine: Engine) -> Sequence[TakenOut]:
    """The letters taken out of the outbox, as one who looks from outside sees them."""
    return await engine._outbox_store.run(lambda outbox: taken_out(outbox, DraftStore(engine.paths.drafts)))


LETTER = Draft(to="bob@example.net", subject="Minutes", body="text\n", account="work")


async def test_an_edit_abandoned_leaves_everything_as_it_was(engines: tuple[Engine, Engine]) -> None:
    one, two = engines
    item = await one.drafts.enqueue(LETTER, not_before=START + 5000)
    draft = await one.outbox.edit(item.id)
    (out,) = await out_of(two)
    assert (out.item.state, out.item.not_before, out.draft.id) == (ItemState.HELD, START + 5000, draft.id)
    assert out.holder.startswith("in another tuimail")
    back = await one.outbox.put_back(draft)
    assert replace(back, expires_at=item.expires_at, changed_at=item.changed_at) == item
    assert await one.drafts.available() == []
    assert await out_of(two) == []


async def test_of_two_editors_one_wins_and_the_other_is_told_who_has_it(engines: tuple[Engine, Engine]) -> None:
    one, two = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    draft = await one.outbox.edit(item.id)
    with pytest.raises(OutboxError, match="being edited in another tuimail"):
        await two.outbox.edit(item.id)
    with pytest.raises(OutboxError, match="being edited"):
        await two.outbox.apply(Verb.RESTORE, item.id)
    await one.drafts.close(draft.id)
    assert (await two.outbox.edit(item.id)).id == draft.id


async def test_an_edited_letter_takes_its_old_place_and_keeps_its_appointment(engines: tuple[Engine, Engine]) -> None:
    one, _ = engines
    item = await one.drafts.enqueue(LETTER, not_before=START + 5000)
    draft = await one.outbox.edit(item.id)
    new = await one.drafts.enqueue(replace(draft, body="better\n"))
    assert (new.revision, new.rank, new.not_before) == (2, item.rank, START + 5000)
    assert new.message_id != item.message_id
    assert [each.id for each in await one.outbox.query(lambda outbox: outbox.items())] == [new.id]
    with pytest.raises((OutboxError, NoSuchItemError)):
        await one.outbox.apply(Verb.RESTORE, item.id)


async def test_a_changed_draft_is_kept_and_cannot_go_beside_its_letter(engines: tuple[Engine, Engine]) -> None:
    one, two = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    draft = await one.outbox.cancel(item.id)
    changed = replace(draft, body="more\n", updated_at=START + 9)
    await one.drafts.save(changed)
    heard: list[object] = []
    one.announcer.subscribe(heard.append)
    await one.outbox.apply(Verb.RESTORE, item.id)
    assert any(isinstance(each, Notice) and "kept among the drafts" in each.text for each in heard)
    await two.stop()
    await two.start(run_outbox=False)
    assert [each.id for each in await two.drafts.available()] == [draft.id]
    with pytest.raises(OutboxError, match="in the outbox again"):
        await two.drafts.enqueue(changed)
    await two.outbox.apply(Verb.DROP, item.id)
    assert (await two.drafts.enqueue(changed)).revises == item.id


async def test_a_kill_before_the_letter_was_taken_out_leaves_the_letter_alone(engines: tuple[Engine, Engine]) -> None:
    one, two = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    # What take_out leaves when it is killed in the middle: the draft, and the letter untouched.
    half = Draft(to="bob@example.net", subject="Minutes", revises=item.id, created_at=START, updated_at=START)
    await one.drafts.save(half)
    with pytest.raises(OutboxError, match="in the outbox again"):
        await one.drafts.enqueue(half)
    await two.stop()
    await two.start(run_outbox=False)
    assert await two.drafts.available() == []
    assert (await two.outbox.query(lambda outbox: outbox.item(item.id))).state is ItemState.HELD


async def test_tagged_letters_are_cancelled_and_put_back_together(engines: tuple[Engine, Engine]) -> None:
    one, _ = engines
    ids = [(await one.drafts.enqueue(replace(LETTER, id=f"d{n}", subject=str(n)), held=True)).id for n in range(3)]
    outcomes = await one.outbox.apply_many(Verb.CANCEL, [*ids, "nobody"])
    assert [each.error is None for each in outcomes] == [True, True, True, False]
    assert len(await one.drafts.available()) == 3
    back = await one.outbox.apply_many(Verb.RESTORE, ids)
    assert [each.item.state for each in back if each.item] == [ItemState.HELD] * 3
    assert await one.drafts.available() == []


async def test_an_unknown_account_is_refused_and_nothing_is_changed(engines: tuple[Engine, Engine]) -> None:
    one, _ = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    with pytest.raises(ConfigError, match="There is no account 'hme'"):
        await one.outbox.change_account(item.id, "hme")
    assert await one.outbox.query(lambda outbox: outbox.item(item.id)) == item
    changed = await one.outbox.change_account(item.id, "home")
    assert (changed.account, changed.identity, changed.reverse_path) == ("home", item.identity, item.reverse_path)
    assert '"home" has no identity ada@example.org' in changed.words


async def test_an_export_that_cannot_be_finished_leaves_nothing(engines: tuple[Engine, Engine], tmp_path: Path) -> None:
    one, _ = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    file = one.paths.outbox / f"{item.id}.letter"
    intact = file.read_bytes()
    file.write_bytes(intact.replace(b"text\r\n", b"TEXT\r\n"))
    with pytest.raises(Exception, match="changed on the disk"):
        await one.outbox.export(item.id, tmp_path / "letter.eml")
    assert not (tmp_path / "letter.eml").exists()
    file.write_bytes(intact)
    assert (await one.outbox.export(item.id, tmp_path / "letter.eml")).read_bytes() == whole(
        await one.outbox.content(item.id)
    )


async def test_a_sent_letter_cannot_be_put_back(engines: tuple[Engine, Engine]) -> None:
    one, _ = engines
    item = await one.drafts.enqueue(LETTER, held=True)
    with pytest.raises(IllegalTransitionError):
        await one.outbox.apply(Verb.RESTORE, item.id)
