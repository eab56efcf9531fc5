"""One source being asked about one address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.accounts.discovery.values import Disclosed, Disclosure, FoundAccount, Origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tuimail.accounts.discovery.network import Network
    from tuimail.accounts.discovery.user_name import MailUser


@dataclass(slots=True)
class Inquiry:
    """What a source is given, and what it leaves behind; what is here when the time is up counts."""

    user: MailUser
    origin: Origin
    source: str
    """Its name for the screen."""
    look: Callable[[Inquiry, Network], Awaitable[None]]
    """Calls ``finds``, each time that it knows more; raises DiscoveryError."""
    news: Callable[[], None] = lambda: None
    """Called when there is something new in ``found``."""
    found: FoundAccount | None = None
    sent: list[Disclosure] = field(default_factory=list)

    def finds(self, account: FoundAccount) -> None:
        """This is what the source knows now."""
        self.found = account
        self.news()

    def discloses(self, to: str, what: Disclosed) -> None:
        """This is being sent now."""
        self.sent.append(Disclosure(to, what))

    def is_own(self, host: str) -> bool:
        """Whether ``host`` is the address's domain or below it."""
        return host == self.user.domain or host.endswith("." + self.user.domain)
