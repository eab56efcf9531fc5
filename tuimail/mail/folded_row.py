"""Subject and people of a row as one text for searching without regard to case, where ASCII does not do. Pure.

SQLite compares only ASCII letters without regard to case. A row of ASCII needs nothing else; for the others the cache
keeps this text, in which a part is found exactly when ``pattern_match`` finds it in the subject, a name or an address.
"""

from __future__ import annotations

from tuimail.mail.pattern_match import folded
from tuimail.mail.row_recipients import row_recipients

BETWEEN_FIELDS = "\n"
"""Stands between the folded fields; what is looked for must not have it."""


def folded_row(subject: str, from_name: str, from_addr: str, recipients: str) -> str | None:
    """The text; None if the row is ASCII."""
    together = f"{subject}\n{from_name}\n{from_addr}\n{recipients}"
    # SQLite's LIKE ends at a NUL.
    if together.isascii() and "\0" not in together:
        return None
    fields = [subject, from_name, from_addr]
    for each in row_recipients(recipients):
        fields += (each.name, each.address)
    return BETWEEN_FIELDS.join(map(folded, fields))
