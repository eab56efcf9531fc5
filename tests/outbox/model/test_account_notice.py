"""One notice per account in trouble, whatever the trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.outbox.scene import SetClock, host_trouble, message, store_in
from tuimail.config.model import Account, Auth, Identity, OAuthSettings, Server, SubmissionCommand
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.item import AccountHealth
from tuimail.outbox.store.enqueue import Incoming
from tuimail.submission.result import AccountProblem, Action, Reply, Stage, Verdict

if TYPE_CHECKING:
    from pathlib import Path

ME = (Identity("ada@example.org"),)
PLAIN = Account("work", ME, Server("smtp.example.org", 465, username="ada"))
BY_COMMAND = Account("work", ME, Server("smtp.example.org", 465, password_command=("/usr/bin/pass", "show", "x")))
BY_TOKEN = Account(
    "work", ME, Server("smtp.example.org", 465, auth=Auth.OAUTH2, password_command=("/usr/bin/mutt_oauth2", "t"))
)
SIGNED_IN = Account(
    "work", ME, Server("smtp.example.org", 465, auth=Auth.OAUTH2), oauth=OAuthSettings("https://login.example.org")
)


def test_an_account_that_is_well_needs_no_notice() -> None:
    assert account_notice(AccountHealth("work", rate_limit=100, rate_window=3600.0), PLAIN) is None


@pytest.mark.parametrize("trouble", AccountProblem)
@pytest.mark.parametrize(
    "account", [PLAIN, BY_COMMAND, BY_TOKEN, SIGNED_IN, None, Account("work", ME, SubmissionCommand(("msmtp",)))]
)
def test_every_trouble_says_what_happened_and_what_to_do(trouble: AccountProblem, account: Account | None) -> None:
    health = AccountHealth("work", trouble=trouble, words="It \x1b[31msaid no.", since=5.0)
    notice = account_notice(health, account)
    assert notice is not None
    assert notice.title.startswith("work: ")
    assert "\x1b" not in notice.happened
    assert "said no." in notice.happened
    assert notice.advice.endswith(".")
    assert notice.trouble is trouble
    assert notice.since == 5.0
    assert notice.needs_you
    assert notice.checkable is (trouble is not AccountProblem.MISSING)


def test_a_refused_password_is_entered_again_where_it_comes_from() -> None:
    health = AccountHealth("work", trouble=AccountProblem.SIGN_IN, words="Refused.")
    commands = [notice.command for each in (PLAIN, BY_COMMAND) if (notice := account_notice(health, each))]
    assert commands == ["tuimail account login work", "tuimail account check work"]
    told = account_notice(health, BY_TOKEN)
    assert told is not None
    assert told.advice == "Set right the token that mutt_oauth2 gives, then check again."


@pytest.mark.parametrize("trouble", [AccountProblem.SIGN_IN, AccountProblem.SECRET])
def test_who_signs_in_at_a_provider_does_so_again(trouble: AccountProblem) -> None:
    told = account_notice(AccountHealth("work", trouble=trouble, words="It is over."), SIGNED_IN)
    assert told is not None
    assert (told.advice, told.command) == (
        "Sign in again; the letters then go on by themselves.",
        "tuimail account login work",
    )
    assert "password" not in told.title


def test_what_passes_by_itself_says_when_and_does_not_need_the_user() -> None:
    notice = account_notice(AccountHealth("work", trouble=AccountProblem.QUOTA, words="Limit.", probe_at=90.0), PLAIN)
    assert notice is not None
    assert not notice.needs_you
    assert notice.next_try == 90.0


def test_a_server_that_does_not_answer_is_told_without_alarm() -> None:
    notice = account_notice(AccountHealth("work", words="No answer.", tries=2, probe_at=90.0), PLAIN)
    assert notice is not None
    assert notice.title == "work: smtp.example.org cannot be reached just now"
    assert not notice.needs_you
    assert notice.trouble is None


def test_fifty_letters_and_a_wrong_password_are_one_sign_in_whoever_tries(tmp_path: Path) -> None:
    clock = SetClock()
    store = store_in(tmp_path / "outbox", clock)
    for number in range(50):
        store.enqueue(Incoming(message(number), composing=f"d{number}"))
    item = store.claims.claim("1:1:boot:x")
    assert item is not None
    refused = Verdict(Action.REAUTH, Stage.AUTH, "Refused.", Reply(535, "5.7.8", "no"), problem=AccountProblem.SIGN_IN)
    store.claims.record(item.id, "1:1:boot:x", host_trouble(item, refused))
    store.close()
    for _ in range(12):  # cron comes by, the app is started, the network comes up
        clock.move(300)
        store = store_in(tmp_path / "outbox", clock)
        store.recovery.recover()
        store.schedule.retry_all_now()
        assert store.accounts.settings_seen("work", "the same") == []
        assert store.schedule.accounts_due() == []
        assert store.claims.claim("2:1:boot:x") is None
        store.close()
    store = store_in(tmp_path / "outbox", clock)
    notice = account_notice(store.accounts.health("work"))
    assert notice is not None
    assert notice.needs_you
    assert len(store.accounts.fixed("work")) == 50
    assert store.claims.claim("2:1:boot:x") is not None
    store.close()
