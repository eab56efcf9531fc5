"""What the sender wants beyond the letter itself: when it is late, who keeps it until then, what is reported back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.config.model import DelayedSending, DeliveryReports
from tuimail.mail.envelope import FAILURE_AND_DELAY, Notify

if TYPE_CHECKING:
    from tuimail.config.model import OutboxSettings, WhenLate
    from tuimail.mail.envelope import Envelope

_REPORTS = {
    DeliveryReports.TROUBLE: FAILURE_AND_DELAY,
    DeliveryReports.ALL: (*FAILURE_AND_DELAY, Notify.SUCCESS),
    DeliveryReports.NONE: (),
}


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Of one letter; what is None is as the settings say."""

    on_late: WhenLate | None = None
    on_server: bool | None = None
    """The server is to keep it until its time."""
    notify: tuple[Notify, ...] | None = None
    """Delivery reports to ask for; empty asks that there be none."""


NONE = DeliveryOptions()
"""Everything as the settings say."""


def granted(
    envelope: Envelope, options: DeliveryOptions, settings: OutboxSettings, later: float | None
) -> tuple[Envelope, float | None]:
    """The envelope that asks for ``options``, and until when the letter is held here.

    Args:
        envelope: as it was frozen.
        options: of this letter.
        settings: of all letters.
        later: when it is to be sent, seconds since the epoch; None: now.
    """
    notify = _REPORTS[settings.delivery_reports] if options.notify is None else options.notify
    on_server = settings.later is DelayedSending.SERVER if options.on_server is None else options.on_server
    if on_server and later is not None:
        return replace(envelope, notify=notify, hold_until=later), None
    return replace(envelope, notify=notify), later
