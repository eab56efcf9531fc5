"""Lines and words, without a terminal."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.ui.scene import HOSTILE, NOW, account, config, every_state, item, recipient
from tuimail.compose.draft import Draft
from tuimail.config.model import Security, Server
from tuimail.dates.format_date import format_until
from tuimail.mail.dsn import DeliveryAction, DeliveryStatus
from tuimail.outbox.model.item import AccountHealth, OutboxItem, TimelineEntry
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.submission.result import Reply, Stage
from tuimail.ui.text.cells import clip, fit, width_of, wrap
from tuimail.ui.views.details import details
from tuimail.ui.views.letters import (
    LAST,
    Progress,
    columns_for,
    explanation,
    outbox_line,
    outbox_titles,
    waits_for_text,
)
from tuimail.ui.views.message_page import date_words
from tuimail.ui.views.replies import reply_summary
from tuimail.ui.views.rows import (
    AccountRow,
    account_line,
    account_summary,
    account_titles,
    draft_line,
    draft_titles,
    sent_columns,
    sent_line,
    sent_result,
    sent_titles,
)
from tuimail.ui.widgets.key_rows import KeyEntry, page_of, pages_of
from tuimail.ui.widgets.title_bar import Badge, title_line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (0, "now"), (12, "in 12 s"), (240, "in 4 min"), (7200, "11:00"), (82_800, "tomorrow 08:00"),
     (10 * 86_400, "Fri 5 Dec 09:00"), (400 * 86_400, "Wed 30 Dec 2026 09:00"), (-400 * 86_400, "now")],
)  # fmt: skip
def test_moments_are_told_in_few_words(seconds: float, words: str) -> None:
    assert format_until(NOW + seconds, NOW) == words


@given(st.text(), st.integers(0, 40))
def test_fit_is_exact_and_clip_never_longer(text: str, width: int) -> None:
    assert cell_len(clip(text, width)) <= width
    assert cell_len(fit(text, width)) == width


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs"]), max_size=80), st.integers(2, 30))
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("width", [40, 60, 71, 72, 80, 120, 200])
@pytest.mark.parametrize("letter", every_state(), ids=lambda letter: letter.state)
def test_a_row_fills_the_screen_but_for_a_margin(width: int, letter) -> None:  # type: ignore[no-untyped-def]
    assert width_of(outbox_line(letter, width, NOW)) == width - 1
    assert width_of(outbox_line(letter, width, NOW, Progress(5, 10))) == width - 1


def test_hostile_subjects_are_shown_and_do_nothing() -> None:
    letter = item("h", ItemState.QUEUED, HOSTILE, recipient("x\x1b@example.org"))
    drawn = "".join(span.text for span in outbox_line(letter, 200, NOW))
    assert "[/etc] [@click=app.quit]x[/] ^[]52;c;aGk=^G <U+202E>evil" in drawn
    assert "\x1b" not in drawn
    everything = "".join(span.text for line in details(letter, (), ("S: 250 \x1b[2J",), 60, NOW) for span in line)
    assert everything.isprintable()


def test_a_letter_in_need_says_why_in_a_sentence() -> None:
    words, facts = explanation(every_state()[0], NOW)
    assert words.startswith("Refused by smtp.example.org for 2 of 3")
    assert "1 attempt" in facts


def test_the_badge_is_invisible_when_the_outbox_is_empty() -> None:
    assert Badge().line == ()
    assert "".join(span.text for span in Badge(3, 1).line) == "3 waiting   1 needs you "


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_title_keeps_the_badge_whatever_the_width(width: int) -> None:
    line = title_line("OUTBOX", "work, home", "draft saved 09:41", Badge(3, 1), width)
    assert width_of(line) == width
    assert "1 needs you" in "".join(span.text for span in line)


@pytest.mark.parametrize(
    ("width", "note"),
    [(78, "7 of 48  23 unread  by thread"), (72, "7 of 48  23 unread"), (62, "7 of 48"), (52, "7 of…")],
)
def test_remarks_that_do_not_fit_in_the_title_are_left_out_whole(width: int, note: str) -> None:
    line = title_line("INBOX", "work, home", "7 of 48  23 unread  by thread", Badge(4, 3), width)
    shown = "".join(span.text for span in line)
    assert shown.removeprefix(" tuimail   INBOX").removesuffix("   4 waiting   3 need you  ").strip() == note


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (3, "(3 days ago)"),
        (59, "(59 days ago)"),
        (61, "(2 months ago)"),
        (700, "(23 months ago)"),
        (2190, "(6 years ago)"),
    ],
)
def test_an_old_date_is_told_in_months_and_years(days: int, words: str) -> None:
    assert date_words(int(NOW) - days * 86_400, None, NOW).endswith(words)


def test_key_rows_turn_pages_and_show_every_entry_once_a_round() -> None:
    entries = tuple(KeyEntry(f"c{at}", "k", "l") for at in range(19))
    more = KeyEntry("more", "O", "More")
    seen: list[str] = []
    for page in range(pages_of(entries, 12)):
        shown = page_of(entries, 12, page, more)
        assert len(shown) == 12
        assert shown[-1] is more
        seen += [entry.id for entry in shown[2:-1] if entry is not None]
    assert seen == [entry.id for entry in entries[2:]]


def test_columns_share_the_room_and_keep_the_number_of_recipients() -> None:
    many = [recipient(f"{'x' * 40}@example.org"), recipient("b@example.org"), recipient("c@example.org")]
    letter = item("l", ItemState.QUEUED, "A subject that is longer than any column at this width", *many)
    short = item("s", ItemState.QUEUED, "Lunch?", recipient("bob@example.net"))
    columns = columns_for([letter, short], 80, NOW)
    drawn = "".join(span.text for span in outbox_line(letter, 80, NOW, columns=columns))
    assert "… +2  " in drawn
    assert abs(columns.subject - columns.to) <= 1
    alone = columns_for([short], 80, NOW)
    assert (alone.subject, alone.to) == (len("Lunch?"), len("bob@example.net"))


@pytest.mark.parametrize(
    ("stage", "words"), [(None, "unreachable"), (Stage.CONNECT, "unreachable"), (Stage.EHLO, "no answer")]
)
def test_a_waiting_letter_that_got_no_reply_says_so(stage: Stage | None, words: str) -> None:
    letter = item("d", ItemState.DEFERRED, "x", recipient("bob@example.net"), stage=stage, last_reply="421 before")
    assert waits_for_text(letter) == words


def test_every_reply_is_told_in_words_that_fit_the_column() -> None:
    statuses = [f"{kind}.{subject}.{detail}" for kind in (4, 5) for subject in range(8) for detail in range(11)]
    for reply in [Reply(code, status, "x") for code in range(400, 560) for status in ("", *statuses)]:
        words = reply_summary(reply)
        assert 0 < len(words) <= LAST, (reply, words)
        assert words.replace(" ", "").isalpha()
    said = {reply_summary(Reply(code, status)) for code, status in ((451, "4.7.1"), (452, "4.2.2"), (550, "5.1.1"))}
    assert said == {"asked to wait", "mailbox full", "no such user"}


@pytest.mark.parametrize("letter", every_state(), ids=lambda letter: letter.state)
def test_no_row_of_the_outbox_tells_codes_or_is_cut_in_its_last_column(letter: OutboxItem) -> None:
    for stage in (None, *Stage):
        words = waits_for_text(
            dataclasses.replace(letter, stage=stage), Progress(stage=stage.description if stage else "")
        )
        assert len(words) <= LAST
        assert not any(char.isdigit() for char in words)


@pytest.mark.parametrize("width", [40, 71, 72, 80, 89, 90, 120, 160])
def test_titles_stand_above_their_columns(width: int) -> None:
    letters = every_state()
    columns = columns_for(letters, width, NOW)
    titles = "".join(span.text for span in outbox_titles(columns))
    row = "".join(span.text for span in outbox_line(letters[0], width, NOW, columns=columns))
    assert row[titles.index("Subject") :].startswith("Grant")
    assert row[titles.index("To") :].startswith("kim@")
    assert row[titles.index("State") :].startswith("2 refused")
    assert ("Account" in titles) is (width >= 90)
    if "Account" in titles:
        assert row[titles.index("Account") :].startswith("work")
    gone = [item("s", ItemState.DONE, "Report", recipient("boss@example.org", RecipientState.ACCEPTED))]
    sent = sent_columns(gone, width)
    above = "".join(span.text for span in sent_titles(sent))
    line = "".join(span.text for span in sent_line(gone[0], width, NOW, sent))
    assert width_of(sent_line(gone[0], width, NOW, sent)) <= width
    assert line[above.index("To") :].startswith("boss@")
    assert line[above.index("Subject") :].startswith("Report")
    if width >= 72:
        assert line[above.index("Result") :].startswith("accepted")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_titles_of_drafts_and_accounts_stand_above_their_columns(width: int) -> None:
    draft = Draft(to="bob@example.net", subject="Lunch?", updated_at=NOW)
    row = "".join(span.text for span in draft_line(draft, width, NOW))
    titles = "".join(span.text for span in draft_titles(width))
    assert row[titles.index("To") :].startswith("bob@")
    assert row[titles.index("Subject") :].startswith("Lunch?")
    known = AccountRow("work", config().accounts["work"], AccountHealth("work"))
    row = "".join(span.text for span in account_line(known, width))
    titles = "".join(span.text for span in account_titles(width))
    for name, value in (("Account", "work"), ("Address", "ada@"), ("Sends via", "smtp."), ("State", "may send")):
        assert row[titles.index(name) :].startswith(value)


@pytest.mark.parametrize(
    ("states", "actions", "words"),
    [
        ([RecipientState.ACCEPTED], [None], "accepted"),
        ([RecipientState.ACCEPTED, RecipientState.REFUSED], [None, None], "1 refused"),
        ([RecipientState.ACCEPTED], [DeliveryAction.FAILED], "bounced"),
        ([RecipientState.ACCEPTED] * 2, [DeliveryAction.FAILED, DeliveryAction.DELIVERED], "1 bounced"),
        ([RecipientState.ACCEPTED], [DeliveryAction.DELAYED], "delayed"),
        ([RecipientState.ACCEPTED], [DeliveryAction.DELIVERED], "delivered"),
    ],
)
def test_sent_tells_what_became_of_a_letter(
    states: list[RecipientState], actions: list[DeliveryAction | None], words: str
) -> None:
    reports = [
        None if action is None else DeliveryStatus(action, at=NOW, status="", text="", mta="") for action in actions
    ]
    to = [
        recipient(f"{at}@x.example", state, report=report)
        for at, (state, report) in enumerate(zip(states, reports, strict=True))
    ]
    assert sent_result(item("s", ItemState.DONE, "x", *to, last_reply="250 2.0.0 ok"))[0] == words


def test_a_reply_that_does_not_fit_beside_its_recipient_stands_beneath() -> None:
    reply = Reply(550, "5.1.1", "no such user here, and that for a very long time already")
    letter = item("b", ItemState.FAILED, "x", recipient("kim@x.example", RecipientState.REFUSED, reply=reply))
    drawn = ["".join(span.text for span in line) for line in details(letter, (), (), 50, NOW)]
    shown = " ".join(" ".join(drawn[drawn.index("   Recipients") :]).split())
    assert "550 5.1.1 no such user here, and that for a very long time already" in shown


def test_a_bounce_stands_once_at_its_recipient_and_the_history_names_its_zone() -> None:
    bounce = DeliveryStatus(
        DeliveryAction.FAILED, at=NOW, status="5.1.1", text="550 5.1.1 no such user", mta="mx.example"
    )
    letter = item("b", ItemState.DONE, "x", recipient("kim@x.example", RecipientState.ACCEPTED, report=bounce))
    drawn = [
        "".join(span.text for span in line) for line in details(letter, [TimelineEntry(NOW, "queued")], (), 80, NOW)
    ]
    assert [line.strip() for line in drawn if "bounced" in line] == [
        "bounced at mx.example: 550 5.1.1 no such user, 09:00"
    ]
    assert "   What happened (times in UTC)" in drawn


def test_an_account_in_clear_says_so() -> None:
    plain = account("work", "ada@example.org")
    assert isinstance(plain.submission, Server)
    clear = dataclasses.replace(
        plain, submission=dataclasses.replace(plain.submission, security=Security.NONE, insecure=True)
    )
    assert "not encrypted to smtp.example.org" in account_summary(AccountRow("work", clear), NOW, reread="R")[1]
    assert "not encrypted" in "".join(span.text for span in account_line(AccountRow("work", clear), 120))
    assert "not encrypted" not in account_summary(AccountRow("work", plain), NOW, reread="R")[1]
