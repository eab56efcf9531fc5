"""Documents with a provider's settings: what becomes an account, and what becomes a reason."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.accounts.discovery.documents import document, server
from tests.corpora import corpus
from tuimail.accounts.discovery.autoconfig_xml import read_autoconfig
from tuimail.accounts.discovery.user_name import MailUser, fill
from tuimail.accounts.discovery.values import DiscoveryError, FoundAccount, FoundServer, Origin, SignInKind
from tuimail.config.model import Auth, Security, Server
from tuimail.mail.text import safe_line

ADA = MailUser.of("Ada@Example.ORG")


def read(content: bytes, user: MailUser = ADA) -> FoundAccount:
    return read_autoconfig(content, user, origin=Origin.ISPDB, source="ISPDB")


def test_an_account() -> None:
    account = read(document())
    assert account.imap == (FoundServer("imap.example.org", 993, Security.TLS, "Ada@example.org"),)
    assert account.submission == (FoundServer("smtp.example.org", 465, Security.TLS, "Ada@example.org"),)
    assert (account.provider, account.source, account.to_confirm) == ("Example Mail", "ISPDB", ())


def test_as_servers_of_the_config() -> None:
    kinds = (SignInKind.APP_PASSWORD, SignInKind.OAUTH2)
    found = FoundServer("imap.example.org", 993, Security.TLS, "ada", kinds)
    assert found.server() == Server("imap.example.org", 993, Security.TLS, "ada", Auth.PASSWORD)
    assert found.server(SignInKind.OAUTH2).auth is Auth.OAUTH2


def test_every_file_of_the_ispdb_is_an_account_or_a_reason() -> None:
    outcomes: Counter[str] = Counter()
    for path in sorted(corpus("ispdb", "ispdb").glob("*.xml")):
        try:
            account = read(path.read_bytes(), MailUser.of(f"ada@{path.stem.removesuffix('.xml')}.example"))
        except DiscoveryError as reason:
            outcomes[str(reason)] += 1
            continue
        outcomes["usable"] += 1
        for each in (*account.imap, *account.submission):
            assert each.security in (Security.TLS, Security.STARTTLS)
            assert "%" not in each.username
            assert each.sign_in
        texts = (account.provider, *account.peculiarities.said, account.peculiarities.help_page)
        assert all(safe_line(text) == text for text in texts)
    assert outcomes == {
        "usable": 117,
        "It names no IMAP server. It offers POP3, which is not read.": 43,
        "None of its IMAP servers can be used. It is offered without encryption only.": 2,
        "None of its submission servers can be used. It gives no user name that can be used.": 1,
    }


def test_encrypted_servers_only_and_tls_first() -> None:
    incoming = [
        server(socket=each, port=port) for each, port in (("plain", "143"), ("STARTTLS", "143"), ("SSL", "993"))
    ]
    account = read(document(*incoming, server("outgoing", socket="STARTTLS", port="587")))
    assert [each.security for each in account.imap] == [Security.TLS, Security.STARTTLS]
    assert [each.security for each in account.submission] == [Security.STARTTLS]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (server(socket="plain"), "without encryption only"),
        (server(socket="magic"), "encrypted is not known"),
        (server(port="0"), "port"),
        (server(port="65536"), "port"),
        (server(port="٩٩٣"), "port"),
        (server(port="9" * 1900), "port"),
        (server(host="imap.example.org/x"), "host"),
        (server(host="-x.example.org"), "host"),
        (server(host="a.example.org&#10;b"), "host"),
        (server(host="127.0.0.1"), "host"),
        (server(username=" "), "user name"),
        (server(username="%REALNAME%"), "user name"),
        (server(username="%EMAILADDRESS"), "user name"),
        (server(username="ada&#10;LOGOUT"), "user name"),
        (server(username="ada&#x202e;"), "user name"),
        (server(username="%EMAILADDRESS%" * 100), "user name"),
        (server(authentication="GSSAPI"), "sign-in"),
        (server("outgoing"), "no IMAP"),
        ("", "no IMAP"),
    ],
)
def test_what_cannot_be_used_is_a_reason(broken: str, reason: str) -> None:
    with pytest.raises(DiscoveryError, match=reason):
        read(document(broken, server("outgoing")))


def test_another_document_is_a_reason() -> None:
    with pytest.raises(DiscoveryError, match="does not hold settings"):
        read(b"<html><body>Not found</body></html>")


def test_one_bad_server_does_not_spoil_a_good_one() -> None:
    account = read(document(server(port="x"), server(host="good.example.org"), server("outgoing")))
    assert [each.host for each in account.imap] == ["good.example.org"]


def test_only_so_many_servers_are_looked_at() -> None:
    many = [server(host=f"i{n}.example.org") for n in range(500)]
    assert len(read(document(*many, server("outgoing"))).imap) == 8


def test_sign_in_kinds_and_oauth() -> None:
    offered = server(authentication="OAuth2</authentication><authentication>password-cleartext")
    issuer = "<oAuth2><issuer>accounts.example.org</issuer><scope>mail  imap\tb&#x7f;d</scope></oAuth2>"
    account = read(document(offered, server("outgoing"), beside=issuer))
    assert account.imap[0].sign_in == (SignInKind.OAUTH2, SignInKind.PASSWORD)
    assert account.oauth is not None
    assert (account.oauth.issuer, account.oauth.scopes) == ("accounts.example.org", ("mail", "imap"))


@pytest.mark.parametrize("issuer", ["http://a.example.org/", "https://u@a.example.org/", "a b", "", "https://[x/"])
def test_an_issuer_that_is_no_host_is_no_offer(issuer: str) -> None:
    assert read(document(beside=f"<oAuth2><issuer>{issuer}</issuer></oAuth2>")).oauth is None


def test_no_sign_in_takes_no_user_name() -> None:
    account = read(document(server(), server("outgoing", authentication="none", username="")))
    assert account.submission[0].server().auth is Auth.NONE


def test_what_it_says_is_safe_and_bounded() -> None:
    said = f"<enable visiturl='javascript:x'><instruction>&#x202e;{'x' * 1000}</instruction></enable>"
    pages = "<documentation url='http://a.example/'/><documentation url='https://b.example/c'/>"
    account = read(document(server(), server("outgoing"), below=said + pages))
    assert account.peculiarities.help_page == "https://b.example/c"
    assert account.peculiarities.said[0].startswith("<U+202E>")
    assert len(account.peculiarities.said[0]) == 300


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("%EMAILADDRESS%", "Ada@example.org"),
        ("%EMAILLOCALPART%", "Ada"),
        ("%EMAILLOCALPART%.%EMAILDOMAIN%", "Ada.example.org"),
        ("fixed", "fixed"),
    ],
)
def test_templates(template: str, filled: str) -> None:
    assert fill(template, ADA) == filled


def test_an_address_is_not_a_template() -> None:
    user = MailUser.of("%EMAILDOMAIN%@example.org")
    assert fill("%EMAILADDRESS%", user) == "%EMAILDOMAIN%@example.org"


def test_an_international_domain_is_sent_in_ascii() -> None:
    assert MailUser.of("ada@Bücher.example").address == "ada@xn--bcher-kva.example"


def test_an_address_literal_has_no_domain() -> None:
    with pytest.raises(DiscoveryError, match="nothing to look for"):
        MailUser.of("ada@[192.0.2.1]")
