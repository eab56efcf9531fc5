"""The recipients of a row of a message list (``mail/summary``), one by one. Pure."""

from __future__ import annotations

from typing import NamedTuple

BETWEEN, BEFORE_CC = "\t", "\n"
"""Between two recipients, and between To and Cc."""


class ListedRecipient(NamedTuple):
    """A recipient in To or Cc."""

    name: str
    """Decoded; may be empty."""
    address: str
    """As it was written."""
    copied: bool
    """It is in Cc."""


def split_recipients(recipients: str) -> tuple[list[str], list[str]]:
    """To and Cc of a row, each recipient as ``Name <address>`` or ``address``."""
    to, _, cc = recipients.partition(BEFORE_CC)
    return to.split(BETWEEN) if to else [], cc.split(BETWEEN) if cc else []


def row_recipients(recipients: str) -> list[ListedRecipient]:
    """Those of ``Summary.recipients``, To first."""
    to, cc = split_recipients(recipients)
    return [*(_recipient(each, copied=False) for each in to), *(_recipient(each, copied=True) for each in cc)]


def _recipient(text: str, *, copied: bool) -> ListedRecipient:
    name, opened, address = text.rpartition(" <")
    return ListedRecipient(name, address.removesuffix(">"), copied) if opened else ListedRecipient("", text, copied)
