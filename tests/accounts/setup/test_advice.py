"""What servers say to a refused sign-in, in their own words, and what the user is told to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accounts.setup.test_proposal import good
from tuimail.accounts.discovery.values import SignInKind
from tuimail.accounts.finding import Finding, Step
from tuimail.accounts.setup.advice import advised

PAGE = "https://provider.example/app"
HELP = "https://provider.example/help"


def refused(words: str) -> Finding:
    return Finding("smtp.example.org:465", Step.SIGN_IN, False, words, "As in the config.")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            "https://aka.ms/smtp_auth_disabled",
        ),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "OAuth 2"),
        ("534 5.7.9 Application-specific password required.", PAGE),
        ("imap refused: [ALERT] Application-specific password required: https://support.google.com", PAGE),
        ("[ALERT] Your account is not enabled for IMAP use.", HELP),
        ("You are yet to enable IMAP for your account.", HELP),
        ("535 5.7.8 This user does not have access rights to this service", HELP),
        ("534 5.7.14 Please log in via your web browser and then try again.", "web browser"),
        ("454 4.7.0 Too many login attempts, please try again later.", "quarter of an hour"),
        ("535 5.7.8 Username and Password not accepted.", "user name"),
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", "user name"),
    ],
)
def test_the_server_s_words_lead_to_what_to_do(said: str, told: str) -> None:
    proposal = replace(good(), app_password_page=PAGE, help_page=HELP)
    finding = advised(refused(said), proposal)
    assert told in finding.hint
    assert finding.words == said


def test_an_app_password_is_named_where_the_provider_takes_nothing_else() -> None:
    kind = replace(good().imap, sign_in=SignInKind.APP_PASSWORD)
    proposal = replace(good(), imap=kind, submission=kind, app_password_page=PAGE)
    assert PAGE in advised(refused("NO"), proposal).hint
    assert "password command" in advised(refused("NO"), replace(proposal, password_command="pass x")).hint


def test_what_is_no_refused_sign_in_stays_as_it_is() -> None:
    for finding in (
        Finding("h:1", Step.SIGN_IN, True, "Signed in, app password or not."),
        Finding("h:1", Step.CONNECT, False, "Too many connections.", "Wait."),
    ):
        assert advised(finding, good()) == finding
