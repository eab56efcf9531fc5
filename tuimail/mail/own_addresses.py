"""Which addresses are the user's own, plus-tags included. Pure."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tuimail.mail.domain import DomainError, ascii_domain

if TYPE_CHECKING:
    from collections.abc import Iterable


class OwnAddresses:
    """The addresses of the user's identities.

    Case and the form of an international domain do not matter; ``ada+lists@example.org`` belongs to
    ``ada@example.org``, but not the other way round.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._own: dict[str, str] = {}
        for address in addresses:
            self._own.setdefault(mailbox_key(address), address)

    @property
    def local_parts(self) -> frozenset[str]:
        """What stands before the @, case folded."""
        return frozenset(key.rpartition("@")[0] for key in self._own)

    def __contains__(self, address: str) -> bool:
        return self.identity(address) is not None

    def identity(self, address: str) -> str | None:
        """The own address, as it was given, that ``address`` belongs to; None if it is somebody else's."""
        if not self._own or "@" not in address:
            return None
        key = mailbox_key(address)
        found = self._own.get(key)
        if found is None and "+" in key:
            local, _, domain = key.rpartition("@")
            found = self._own.get(f"{local.partition('+')[0]}@{domain}")
        return found


def mailbox_key(address: str) -> str:
    """Equal for spellings that nearly always are one mailbox. ``Address.key`` keeps the case of the local part."""
    local, _, domain = address.strip().rpartition("@")
    with suppress(DomainError):
        domain = ascii_domain(domain)
    return f"{local}@{domain}".casefold()
