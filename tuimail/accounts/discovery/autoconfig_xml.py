"""A config-v1.1 document (draft-ietf-mailmaint-autoconfig) as the settings of an account. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tuimail.accounts.discovery.user_name import fill
from tuimail.accounts.discovery.values import (
    DiscoveryError,
    FoundAccount,
    FoundServer,
    OAuthOffer,
    Origin,
    Peculiarities,
    SignInKind,
)
from tuimail.accounts.discovery.xml_tree import parse_xml
from tuimail.config.model import Security
from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.accounts.discovery.user_name import MailUser
    from tuimail.accounts.discovery.xml_tree import XmlElement

MOST_SERVERS = 8
"""Servers of one kind that are looked at."""
LONGEST_NAME = 80
LONGEST_SENTENCE = 300
MOST_SCOPES = 16

_SECURITY = {"ssl": Security.TLS, "starttls": Security.STARTTLS}
_SIGN_IN = {
    "password-cleartext": SignInKind.PASSWORD,
    "plain": SignInKind.PASSWORD,
    "password-encrypted": SignInKind.PASSWORD,
    "secure": SignInKind.PASSWORD,
    "oauth2": SignInKind.OAUTH2,
    "none": SignInKind.NONE,
}


def read_autoconfig(document: bytes, user: MailUser, *, origin: Origin, source: str) -> FoundAccount:
    """The account that ``document`` describes for ``user``.

    Args:
        document: from a stranger.
        user: whose user name is filled in.
        origin: what kind of source it came from.
        source: its name for the screen.

    Raises:
        DiscoveryError: it is no such document, or none of its servers can be used: the reason.
    """
    root = parse_xml(document)
    provider = root.first("emailProvider") if root.name == "clientConfig" else None
    if provider is None:
        raise DiscoveryError("The file does not hold settings of a mail provider.")
    imap = _servers(provider, "incomingServer", "imap", user)
    submission = _servers(provider, "outgoingServer", "smtp", user)
    name = provider.text_of("displayShortName") or provider.text_of("displayName")
    return FoundAccount(
        imap=imap,
        submission=submission,
        origin=origin,
        source=source,
        provider=safe_line(name)[:LONGEST_NAME],
        oauth=_oauth(root.first("oAuth2") or provider.first("oAuth2")),
        peculiarities=_peculiarities(root, provider),
    )


def _servers(provider: XmlElement, element: str, kind: str, user: MailUser) -> tuple[FoundServer, ...]:
    """The usable servers of one kind, TLS from the start before STARTTLS, else as listed (RFC 8314 section 4.1)."""
    what = "IMAP" if kind == "imap" else "submission"
    listed = [each for each in provider.all(element) if each.attributes.get("type", "").casefold() == kind]
    if not listed:
        others = {each.attributes.get("type", "").casefold() for each in provider.all(element)}
        only = " It offers POP3, which is not read." if others == {"pop3"} else ""
        raise DiscoveryError(f"It names no {what} server.{only}")
    found: list[FoundServer] = []
    reasons: list[str] = []
    for each in listed[:MOST_SERVERS]:
        try:
            found.append(_server(each, user))
        except DiscoveryError as reason:
            reasons.append(str(reason))
    if not found:
        raise DiscoveryError(f"None of its {what} servers can be used. {reasons[0]}")
    return tuple(sorted(dict.fromkeys(found), key=lambda server: server.security is not Security.TLS))


def _server(element: XmlElement, user: MailUser) -> FoundServer:
    kind = element.text_of("socketType").casefold()
    security = _SECURITY.get(kind)
    if security is None:
        raise DiscoveryError(
            "It is offered without encryption only." if kind == "plain" else "How it is encrypted is not known."
        )
    port = element.text_of("port")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise DiscoveryError("Its port is not a number from 1 to 65535.")
    named = (_SIGN_IN.get(each.text.casefold()) for each in element.all("authentication"))
    sign_in = tuple(dict.fromkeys(each for each in named if each is not None))
    if not sign_in:
        raise DiscoveryError("It offers no sign-in that is known.")
    username = "" if sign_in == (SignInKind.NONE,) else fill(element.text_of("username"), user)
    return FoundServer(_host(element.text_of("hostname"), user), int(port), security, username, sign_in)


def _host(text: str, user: MailUser) -> str:
    try:
        return ascii_domain(text.replace("%EMAILDOMAIN%", user.domain) if len(text) < 300 else "").casefold()
    except DomainError:
        raise DiscoveryError("Its host is not a valid name.") from None


def _oauth(element: XmlElement | None) -> OAuthOffer | None:
    """Issuer and scopes only: whom a browser is sent to is not taken from a stranger's file."""
    if element is None:
        return None
    issuer = element.text_of("issuer")
    try:
        host = ascii_domain(_url_host(issuer) if "/" in issuer else issuer).casefold()
    except DomainError:
        return None
    scopes = element.text_of("scope").split()[:MOST_SCOPES]
    return OAuthOffer(host, tuple(each for each in scopes if _is_plain(each)))


def _peculiarities(root: XmlElement, provider: XmlElement) -> Peculiarities:
    enabling = [element for parent in (provider, root) for element in parent.all("enable")]
    visit = [each.attributes.get("visiturl", "") for each in enabling]
    pages = [*visit, *(each.attributes.get("url", "") for each in provider.all("documentation"))]
    said = [
        safe_line(each.text)[:LONGEST_SENTENCE]
        for element in enabling
        for each in element.all("instruction")
        if each.text and each.attributes.get("lang", "en") == "en"
    ]
    help_page = next((page for page in pages if _is_plain(page) and _url_host(page)), "")
    return Peculiarities(help_page=help_page, said=tuple(said[:3]))


def _url_host(url: str) -> str:
    """The host of an https URL without user information; empty if it is anything else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme == "https" and "@" not in parts.netloc else ""


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= 500 and text.isascii() and text.isprintable() and " " not in text
