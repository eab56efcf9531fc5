"""The built-in table: complete in itself, and in step with what others know of the same providers."""

from __future__ import annotations

import pytest

from tests.corpora import corpus
from tuimail.accounts.discovery.autoconfig_xml import read_autoconfig
from tuimail.accounts.discovery.provider_table import PROVIDERS, MailProvider
from tuimail.accounts.discovery.providers import account_for, account_of, provider_by_mx, provider_by_servers
from tuimail.accounts.discovery.user_name import MailUser
from tuimail.accounts.discovery.values import Origin, SignInKind
from tuimail.config.model import Security
from tuimail.sent.providers import server_files_copies

FILES = {
    "Gmail": "googlemail.com",
    "Outlook.com": "hotmail.com",
    "Microsoft 365": "office365.com",
    "iCloud Mail": "me.com",
    "Yahoo Mail": "yahoo.com",
    "AOL Mail": "aol.com",
    "Fastmail": "messagingengine.com",
    "GMX": "gmx.net",
    "GMX (international)": "gmx.com",
    "WEB.DE": "web.de",
    "mail.com": "mail.com",
    "Yandex Mail": "yandex.ru",
    "Mail.ru": "mail.ru",
    "Posteo": "posteo.de",
    "Telekom Mail": "t-online.de",
    "Comcast": "comcast.net",
    "Zoho Mail (com)": "zoho.com",
    "Zoho Mail (eu)": "zoho.eu",
    "Zoho Mail (in)": "zoho.in",
}


def by_name(name: str) -> MailProvider:
    return next(each for each in PROVIDERS if each.name == name)


def test_no_domain_and_no_mx_is_in_it_twice() -> None:
    for names in ([d for each in PROVIDERS for d in each.domains], [m for each in PROVIDERS for m in each.mx]):
        assert sorted(names) == sorted(set(names))
        assert all(name == name.casefold() for name in names)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.name)
def test_each_row_is_whole(provider: MailProvider) -> None:
    assert provider.domains or provider.mx
    assert (SignInKind.OAUTH2 in provider.sign_in) is (provider.oauth is not None)
    for each in (provider.imap, provider.submission):
        assert each.security is not Security.NONE
    for page in (provider.peculiarities.app_password_page, provider.peculiarities.help_page):
        assert not page or page.startswith("https://")
    account = account_of(provider, MailUser.of("ada@example.org"), origin=Origin.MX, source="x")
    assert account.imap[0].username in ("ada@example.org", "ada")


@pytest.mark.parametrize("name", FILES)
def test_the_servers_are_those_of_the_ispdb(name: str) -> None:
    user = MailUser.of("ada@example.org")
    content = corpus("ispdb", "ispdb", f"{FILES[name]}.xml").read_bytes()
    listed = read_autoconfig(content, user, origin=Origin.ISPDB, source="ISPDB")
    row = account_of(by_name(name), user, origin=Origin.ISPDB, source="ISPDB")
    for ours, theirs in ((row.imap, listed.imap), (row.submission, listed.submission)):
        known = {(each.host, each.port, each.security, each.username) for each in theirs}
        assert {(each.host, each.port, each.security, each.username) for each in ours} <= known


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda each: each.name)
def test_who_files_sent_letters_is_known_to_the_filer(provider: MailProvider) -> None:
    local = provider.submission.host == "127.0.0.1"  # Proton's Bridge; nothing can be told from that host
    assert provider.peculiarities.server_files_sent is (local or server_files_copies(provider.submission.host))


def test_by_domain() -> None:
    account = account_for(MailUser.of("Ada.Lovelace@ICLOUD.com"))
    assert account is not None
    assert (account.source, account.origin) == ("built-in table", Origin.BUILT_IN)
    assert account.imap[0].username == "Ada.Lovelace"
    assert account.submission[0].username == "Ada.Lovelace@icloud.com"
    assert account_for(MailUser.of("ada@notgmail.com")) is None
    assert account_for(MailUser.of("ada@mail.gmail.com")) is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com", "Gmail"),
        ("smtp.google.com", "Gmail"),
        ("example-org.mail.protection.outlook.com", "Microsoft 365"),
        ("eur.olc.protection.outlook.com", "Outlook.com"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("mx.zoho.eu", "Zoho Mail for organisations (eu)"),
        ("mailsec.protonmail.ch", "Proton Mail (Bridge)"),
        ("evilgoogle.com", ""),
        ("google.com.example.org", ""),
        ("protection.outlook.com", ""),
    ],
)
def test_by_mx(host: str, name: str) -> None:
    found = provider_by_mx(host)
    assert (found.name if found else "") == name


def test_by_servers() -> None:
    assert provider_by_servers("outlook.office365.com", "smtp.office365.com") is by_name("Microsoft 365")
    assert provider_by_servers("outlook.office365.com", "smtp-mail.outlook.com") is by_name("Outlook.com")
    assert provider_by_servers("imap.example.org", "smtp.gmail.com") is None
