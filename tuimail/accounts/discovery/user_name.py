"""User names for an address, by the templates of autoconfig. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.mail.address import parse_address
from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from tuimail.mail.address import Address

LONGEST = 254
"""Characters of a template, and of what it becomes."""

WHOLE = "%EMAILADDRESS%"
LOCAL = "%EMAILLOCALPART%"


@dataclass(frozen=True, slots=True)
class MailUser:
    """The address that servers are looked for."""

    address: str
    """As it is signed in with: the local part as typed, the domain in lower case and ASCII."""
    local_part: str
    domain: str

    @classmethod
    def of(cls, text: str) -> MailUser:
        """The user with the address ``text``.

        Raises:
            AddressError: it is not exactly one address.
            DiscoveryError: it has no domain name.
        """
        parsed: Address = parse_address(text)
        if parsed.domain.startswith("["):
            raise DiscoveryError("The address has an IP address and no domain, so there is nothing to look for.")
        try:
            domain = ascii_domain(parsed.domain).casefold()
        except DomainError as error:
            raise DiscoveryError(f"{safe_line(parsed.domain)} {error}.") from None
        return cls(f"{parsed.local_part}@{domain}", parsed.local_part, domain)


def fill(template: str, user: MailUser) -> str:
    """``template`` with its placeholders filled in.

    Raises:
        DiscoveryError: it is empty or too long, holds a placeholder that is not known, or a character that may not be
            in a user name.
    """
    if not template or len(template) > LONGEST:
        raise DiscoveryError("It gives no user name that can be used.")
    pieces = template.split("%")
    values = {"EMAILADDRESS": user.address, "EMAILLOCALPART": user.local_part, "EMAILDOMAIN": user.domain}
    # Every second piece stands between two percent signs; what is filled in is not looked at again.
    filled = "".join(values.get(piece, "\n") if at % 2 else piece for at, piece in enumerate(pieces))
    if len(pieces) % 2 == 0 or len(filled) > LONGEST or safe_line(filled) != filled or filled != filled.strip():
        raise DiscoveryError("It gives a user name that cannot be used.")
    return filled
