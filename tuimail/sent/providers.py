"""Servers that file a copy of what is submitted to them by themselves. Pure."""

from __future__ import annotations

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


def files_itself(submission_host: str) -> bool:
    """Whether the submission server at this host puts sent letters into the mailbox for them."""
    host = submission_host.casefold().rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in _FILES_ITSELF)
