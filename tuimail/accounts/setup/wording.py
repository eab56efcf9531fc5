"""Sentences about a new account that the command and the screen share. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tuimail.accounts.discovery.values import Disclosure
    from tuimail.accounts.setup.proposal import Proposal


def listed(words: Iterable[str]) -> str:
    """The words, at least one, with commas and "and" between them, each once."""
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last


def disclosed(planned: Sequence[Disclosure]) -> list[str]:
    """What would be sent to whom: ``the domain to DNS and autoconfig.example.org``."""
    kinds = dict.fromkeys(each.what for each in planned)
    return [f"{what} to {listed(each.to for each in planned if each.what is what)}" for what in kinds]


def app_password_made(proposal: Proposal) -> str:
    """Where the provider's users make one: ``at https://...``."""
    return f"at {proposal.app_password_page}" if proposal.app_password_page else "in the provider's settings"
