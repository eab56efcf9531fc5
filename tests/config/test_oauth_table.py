"""[accounts.NAME.oauth]: what is read, and what is told of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuimail.config.loader import parse
from tuimail.config.model import OAuthSettings

FILE = Path("/home/ada/.config/tuimail/config.toml")
ACCOUNT = """\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
host = "smtp.example.org"
auth = "oauth2"
[accounts.work.imap]
host = "imap.example.org"
{imap}
[accounts.work.oauth]
"""
ISSUER = 'issuer = "https://login.example.org"\n'


def text(oauth: str, imap: str = 'auth = "oauth2"') -> str:
    return ACCOUNT.format(imap=imap) + oauth


def test_all_keys() -> None:
    config = parse(
        text(
            'issuer = "https://login.example.org/"\nclient_id = "me"\nclient_secret_command = ["pass", "show", "id"]\n'
            'scopes = ["https://mail.example.org/", "offline_access"]\nca_file = "ca.pem"\n'
            'authorization_endpoint = "https://login.example.org/a?b=c"\n'
            'token_endpoint = "https://login.example.org:8443/t"\ndevice_endpoint = "https://other.example/d"\n'
        ),
        FILE,
    )
    assert config.problems == ()
    account = config.accounts["work"]
    assert account.oauth == OAuthSettings(
        "https://login.example.org",
        "me",
        ("pass", "show", "id"),
        ("https://mail.example.org/", "offline_access"),
        "https://login.example.org/a?b=c",
        "https://login.example.org:8443/t",
        "https://other.example/d",
        FILE.parent / "ca.pem",
    )
    assert account.token_servers == (account.submission, account.imap)


def test_an_issuer_is_enough() -> None:
    config = parse(text(ISSUER), FILE)
    assert config.problems == ()
    assert config.accounts["work"].oauth == OAuthSettings("https://login.example.org")


def test_a_command_for_the_token_goes_before_it() -> None:
    config = parse(text(ISSUER, 'auth = "oauth2"\npassword_command = ["give-token"]'), FILE)
    account = config.accounts["work"]
    assert config.problems == ()
    assert account.token_servers == (account.submission,)


def test_one_that_no_server_uses_is_warned_of() -> None:
    config = parse(text(ISSUER, "").replace('auth = "oauth2"\n', ""), FILE)
    (problem,) = config.problems
    assert problem.warning
    assert "not used" in problem.expected


@pytest.mark.parametrize(
    ("lines", "key", "words", "nearest"),
    [
        ("", "issuer", "Must be the URL of the authorization server", ""),
        ('issuer = "http://login.example.org"', "issuer", "https://login.example.org", ""),
        ('issuer = "login.example.org"', "issuer", "Must be a URL", ""),
        ('issuer = "https://u:p@login.example.org"', "issuer", "Must be a URL", ""),
        ('issuer = "https://login.example.org:x"', "issuer", "Must be a URL", ""),
        ('issuer = "https://[login"', "issuer", "Must be a URL", ""),
        ('issuer = "https://login.example.org/#x"', "issuer", "Must be a URL", ""),
        (f"{ISSUER}scopes = ['two scopes']", "scopes[1]", "one scope", ""),
        (f"{ISSUER}scopes = 'mail'", "scopes", "a list of texts", ""),
        (f"{ISSUER}client_id = 'naïve'", "client_id", "client id the provider gave you", ""),
        (f"{ISSUER}client_secret_command = ['x']", "client_secret_command", "client_id of your own", ""),
        ('token_endpoint = "https://t.example/"', "authorization_endpoint", "Is needed", ""),
        (
            'token_endpoint = "https://t.example/"\ndevice_endpoint = "https://t.example/d"',
            "client_id",
            "no issuer to register at",
            "",
        ),
        (f"{ISSUER}client_secret = 'x'", "client_secret", "use client_secret_command", ""),
        (f"{ISSUER}client_ids = 'x'", "client_ids", "no such key", "client_id"),
    ],
)
def test_a_mistake_is_told(lines: str, key: str, words: str, nearest: str) -> None:
    config = parse(text(lines), FILE)
    (problem,) = config.problems
    assert problem.key == f"accounts.work.oauth.{key}"
    assert words in problem.expected
    assert problem.nearest == nearest
    assert problem.line > 0
    kept = key in ("client_secret", "client_ids")  # an unknown key alone does not make the rest wrong
    assert (config.accounts["work"].oauth is not None) is kept
