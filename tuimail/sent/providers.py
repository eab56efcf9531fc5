"""Decides whether an account's copies are skipped: its server files them, or the user wants none. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import SentCopy, Server

if TYPE_CHECKING:
    from tuimail.config.model import Account

_FILES_ITSELF = (
    "gmail.com",
    "googlemail.com",
    "google.com",
    "office365.com",
    "outlook.com",
    "office.com",
    "hotmail.com",
    "live.com",
)


def server_files_copies(submission_host: str) -> bool:
    """Whether the submission server at this host files sent letters itself."""
    host = submission_host.casefold().rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in _FILES_ITSELF)


def skip_reason(account: Account) -> str:
    """Why no copy of the account's letters is filed; empty if one is."""
    if account.sent_copy is SentCopy.NONE:
        return "No copy is kept, as the config says."
    by_name = isinstance(account.submission, Server) and server_files_copies(account.submission.host)
    if account.sent_copy is SentCopy.SERVER or (account.sent_copy is SentCopy.AUTO and by_name):
        return "The server files it itself."
    return ""
