"""A proposal: made of what was found, checked field by field, and the account that it becomes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts.discovery.documents import document
from tuimail.accounts.discovery.autoconfig_xml import read_autoconfig
from tuimail.accounts.discovery.providers import account_for
from tuimail.accounts.discovery.user_name import MailUser
from tuimail.accounts.discovery.values import FoundAccount, FoundServer, Origin, SignInKind
from tuimail.accounts.setup.proposal import Proposal, ProposedServer, Reading, Sending, by_hand, of_found, unused_name
from tuimail.accounts.setup.settings import account_of, faults, settings_of
from tuimail.config.loader import parse
from tuimail.config.model import Auth, Security, SentCopy, Server, SubmissionCommand
from tuimail.config.toml_edit import set_value
from tuimail.errors import ConfigError

FILE = Path("/home/ada/.config/tuimail/config.toml")
ADA = "ada@example.org"


def server(host: str = "imap.example.org", *kinds: SignInKind) -> FoundServer:
    return FoundServer(host, 993, Security.TLS, "ada", kinds or (SignInKind.PASSWORD,))


def found(*kinds: SignInKind, to_confirm: tuple[str, ...] = ()) -> FoundAccount:
    smtp = replace(server("smtp.example.org", *kinds), port=587, security=Security.STARTTLS)
    return FoundAccount((server("imap.example.org", *kinds),), (smtp,), Origin.SRV, "SRV", to_confirm=to_confirm)


def good() -> Proposal:
    return of_found(found(), ADA, name="Ada")


def test_what_was_found_becomes_an_account() -> None:
    account = account_of(good(), FILE)
    assert account.name == "example"
    assert str(account.identity) == "Ada <ada@example.org>"
    assert account.imap == Server("imap.example.org", 993, Security.TLS, "ada")
    assert account.submission == Server("smtp.example.org", 587, Security.STARTTLS, "ada")


def test_the_settings_written_are_read_back_as_the_same_account() -> None:
    proposal = replace(
        good(),
        account="dot.ted",
        password_command="pass show 'my mail'",
        ca_file="ca.pem",
        sent_copy=SentCopy.NONE,
        imap=replace(good().imap, sign_in=SignInKind.OAUTH2),
    )
    config = parse(set_value("", ("accounts", proposal.account), settings_of(proposal)), FILE)
    assert config.problems == ()
    assert config.accounts["dot.ted"] == account_of(proposal, FILE)
    imap = config.accounts["dot.ted"].imap
    assert imap is not None
    assert (imap.auth, imap.password_command) == (Auth.OAUTH2, ("pass", "show", "my mail"))
    assert imap.ca_file == FILE.parent / "ca.pem"


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        ((SignInKind.OAUTH2, SignInKind.PASSWORD), SignInKind.PASSWORD),
        ((SignInKind.OAUTH2, SignInKind.APP_PASSWORD), SignInKind.APP_PASSWORD),
        ((SignInKind.OAUTH2,), SignInKind.OAUTH2),
    ],
)
def test_a_password_goes_before_oauth(kinds: tuple[SignInKind, ...], chosen: SignInKind) -> None:
    made = of_found(found(*kinds), ADA)
    assert (made.imap.sign_in, made.submission.sign_in) == (chosen, chosen)
    assert made.imap.offered == kinds


def test_oauth_takes_a_command_for_the_token() -> None:
    made = of_found(found(SignInKind.OAUTH2), ADA)
    assert set(faults(made)) == {"imap.sign_in", "submission.sign_in"}
    assert not faults(replace(made, password_command="token ada"))
    assert faults(replace(made, reading=Reading.NONE)).keys() == {"submission.sign_in"}


def test_what_is_peculiar_about_a_provider_is_kept() -> None:
    known = account_for(MailUser.of("ada@gmail.com"))
    assert known is not None
    made = of_found(known, "ada@gmail.com")
    assert made.account == "gmail"
    assert made.sent_copy is SentCopy.SERVER
    assert made.wants_app_password
    assert made.app_password_page.startswith("https://myaccount.google.com/")
    assert not faults(made)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"account": ""}, "account", "letters, digits"),
        ({"account": "../up"}, "account", "letters, digits"),
        ({"account": "work"}, "account", "already"),
        ({"address": "ada"}, "address", "plain address"),
        ({"name": "A\x1b[2J"}, "name", "control characters"),
        ({"imap": ProposedServer("")}, "imap.host", "server"),
        ({"imap": ProposedServer("imap.example.org:993")}, "imap.host", "port"),
        ({"imap": ProposedServer("h", "many")}, "imap.port", "whole number"),
        ({"imap": ProposedServer("h", "99999")}, "imap.port", "whole number"),
        ({"imap": ProposedServer("h", "-1")}, "imap.port", "whole number"),
        ({"imap": ProposedServer("h", "\u0661")}, "imap.port", "whole number"),
        ({"submission": ProposedServer("h", security=Security.NONE)}, "submission.security", "unencrypted"),
        ({"password_command": "pass 'show"}, "password_command", "quote"),
        ({"sending": Sending.COMMAND}, "command", "first is the program"),
        ({"sending": Sending.COMMAND, "command": 'a "'}, "command", "quote"),
        ({"reading": Reading.MAILDIR}, "path", "path"),
        ({"reading": Reading.MBOX, "path": " "}, "path", "path"),
    ],
)
def test_each_wrong_field_has_its_reason(changes: dict[str, object], field: str, words: str) -> None:
    wrong = faults(replace(good(), **changes), ("work",))  # type: ignore[arg-type]
    assert list(wrong) == [field]
    assert words in wrong[field]


def test_a_proposal_with_a_fault_becomes_no_account() -> None:
    with pytest.raises(ConfigError, match=r"imap\.host"):
        account_of(replace(good(), imap=ProposedServer()), FILE)


def test_what_is_not_used_is_not_checked() -> None:
    made = replace(
        by_hand(ADA), reading=Reading.MBOX, path="/var/mail/ada", sending=Sending.COMMAND, command="sendmail -oi"
    )
    assert faults(made) == {}
    assert made.hosts == ()
    assert not made.wants_password
    account = account_of(made, FILE)
    assert account.submission == SubmissionCommand(("sendmail", "-oi"))
    assert account.mbox == Path("/var/mail/ada")


def test_an_account_that_only_sends() -> None:
    account = account_of(replace(good(), reading=Reading.NONE), FILE)
    assert not account.has_mail
    assert account.imap is None


def test_hosts_are_confirmed_only_as_long_as_they_are_used() -> None:
    made = of_found(found(to_confirm=("imap.example.org",)), ADA)
    assert made.unconfirmed == ("imap.example.org",)
    assert replace(made, imap=replace(made.imap, host="mine.example.org")).unconfirmed == ()
    assert replace(made, reading=Reading.NONE).unconfirmed == ()


@pytest.mark.parametrize(
    ("address", "taken", "name"),
    [
        ("ada@example.org", (), "example"),
        ("ada@mail.example.org", ("example", "example2"), "example3"),
        ("ada@localhost", (), "localhost"),
        ("ada@b\u00fccher.example", (), "bcher"),
        ("ada@--.example", (), "mail"),
        ("ada", (), "ada"),
        ("", (), "mail"),
    ],
)
def test_a_name_that_no_account_has(address: str, taken: tuple[str, ...], name: str) -> None:
    assert unused_name(address, taken) == name


def test_a_document_of_a_provider_gives_an_account_without_faults() -> None:
    parsed = read_autoconfig(document(), MailUser.of(ADA), origin=Origin.AUTOCONFIG, source="autoconfig.example.org")
    assert faults(of_found(parsed, ADA)) == {}
