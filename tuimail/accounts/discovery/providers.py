"""The built-in table: which provider an address, an MX host or a server belongs to. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.provider_table import PROVIDERS
from tuimail.accounts.discovery.user_name import fill
from tuimail.accounts.discovery.values import FoundAccount, FoundServer, Origin

if TYPE_CHECKING:
    from tuimail.accounts.discovery.provider_table import MailProvider, ProviderServer
    from tuimail.accounts.discovery.user_name import MailUser

BUILT_IN = "built-in table"


def account_for(user: MailUser) -> FoundAccount | None:
    """The settings of an address whose domain is in the table."""
    provider = _by_domain().get(user.domain)
    return account_of(provider, user, origin=Origin.BUILT_IN, source=BUILT_IN) if provider else None


def provider_by_mx(host: str) -> MailProvider | None:
    """Whose MX host it is."""
    return next((each for each in PROVIDERS if any(_is_below(host, domain) for domain in each.mx)), None)


def provider_by_servers(imap: str, submission: str) -> MailProvider | None:
    """Whose IMAP server it is; of several that share it, the one with this submission server."""
    owners = [each for each in PROVIDERS if imap == each.imap.host]
    return next((each for each in owners if submission == each.submission.host), owners[0] if owners else None)


def account_of(provider: MailProvider, user: MailUser, *, origin: Origin, source: str) -> FoundAccount:
    """The provider's settings for ``user``."""
    return FoundAccount(
        imap=(_found(provider, provider.imap, user),),
        submission=(_found(provider, provider.submission, user),),
        origin=origin,
        source=source,
        provider=provider.name,
        oauth=provider.oauth,
        peculiarities=provider.peculiarities,
    )


def with_peculiarities(account: FoundAccount) -> FoundAccount:
    """``account`` with what the table knows of its provider: the sign-in kinds, OAuth, peculiarities."""
    provider = provider_by_servers(account.imap[0].host, account.submission[0].host)
    if provider is None or account.origin is Origin.BUILT_IN:
        return account
    return replace(
        account,
        imap=tuple(replace(each, sign_in=provider.sign_in) for each in account.imap),
        submission=tuple(replace(each, sign_in=provider.sign_in) for each in account.submission),
        provider=provider.name,
        oauth=provider.oauth or account.oauth,
        peculiarities=replace(provider.peculiarities, said=account.peculiarities.said),
    )


def _found(provider: MailProvider, server: ProviderServer, user: MailUser) -> FoundServer:
    return FoundServer(server.host, server.port, server.security, fill(server.username, user), provider.sign_in)


@cache
def _by_domain() -> dict[str, MailProvider]:
    return {domain: provider for provider in PROVIDERS for domain in provider.domains}


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)
