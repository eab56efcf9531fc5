"""The bits of a message's flags, as summaries hold them (RFC 3501 section 2.3.2)."""

from __future__ import annotations

SEEN = 1
ANSWERED = 2
FLAGGED = 4
DELETED = 8
DRAFT = 16
FORWARDED = 32
"""The keyword $Forwarded (RFC 5788)."""
OLD = 64
"""It was in the list when the folder was left; no server knows it."""
