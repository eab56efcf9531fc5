"""The error classes. Every error that a user can see is one of these, and it says what to do.

::

    TuimailError                 .exit_code (sysexits), .hint (what to do)
    ├── UsageError               64  the command line is wrong
    │   └── PatternError             .text, .position: a search pattern that cannot be read
    ├── MessageError             65  the letter or an address cannot be sent as it is
    │   ├── AddressError             .text, .position
    │   ├── InjectionError           a control character in a header field
    │   └── AttachmentError      66  .path: missing, unreadable, not a regular file
    ├── StorageError             73  the disk refused: full, read-only, broken
    │   ├── OutboxDamagedError       the index cannot be read and could not be rebuilt
    │   └── ForeignStoreError        the folder belongs to another user
    ├── OutboxError              65  a verb does not fit the item
    │   ├── NoSuchItemError      66
    │   ├── IllegalTransitionError   .state, .verb
    │   ├── DuplicateLetterError     the same letter was sent already
    │   └── LeaseLostError           another process owns the item now
    ├── ConfigError              78  .problems
    └── SecretError              77  a password is not available: absent, locked, refused, timed out
        ├── WrongPassphraseError     the password file is locked, or was given another passphrase than its own
        ├── DamagedPasswordsError    the password file cannot be read whatever the passphrase
        └── TokenDelayedError    69  no token now: the authorization server is out of reach
"""

from __future__ import annotations

EX_OK = 0
EX_USAGE = 64
EX_DATAERR = 65
EX_NOINPUT = 66
EX_UNAVAILABLE = 69
EX_SOFTWARE = 70
EX_CANTCREAT = 73
EX_TEMPFAIL = 75
EX_NOPERM = 77
EX_CONFIG = 78


class TuimailError(Exception):
    """Root of the tree.

    ``str(error)`` is one sentence for the user; ``hint`` says what to do (may be empty).
    """

    exit_code = EX_SOFTWARE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(TuimailError):
    """The command line is wrong."""

    exit_code = EX_USAGE


class PatternError(UsageError):
    """``text`` is not a search pattern; ``position`` is the offset of the error in it."""

    def __init__(self, message: str, *, text: str, position: int = 0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.position = position


class MessageError(TuimailError):
    """The letter cannot be sent as it is; ``field`` names the header field or part ("to", "subject", "body")."""

    exit_code = EX_DATAERR

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class AddressError(MessageError):
    """``text`` is not a valid address; ``position`` is the offset of the error in it."""

    def __init__(self, message: str, *, text: str, position: int = 0, hint: str = "", field: str = "") -> None:
        super().__init__(message, hint=hint, field=field)
        self.text = text
        self.position = position


class InjectionError(MessageError):
    """A header field contains CR, LF, NUL or another control character."""


class AttachmentError(MessageError):
    """A file cannot be attached."""

    exit_code = EX_NOINPUT

    def __init__(self, message: str, *, path: str, hint: str = "") -> None:
        super().__init__(message, hint=hint, field="attachment")
        self.path = path


class StorageError(TuimailError):
    """The disk refused to store something; nothing was half-written."""

    exit_code = EX_CANTCREAT


class OutboxDamagedError(StorageError):
    """The outbox index cannot be read and could not be rebuilt from the letters."""


class ForeignStoreError(StorageError):
    """A folder of tuimail belongs to another user or is writable by others."""


class OutboxError(TuimailError):
    """A verb does not fit the outbox item."""

    exit_code = EX_DATAERR


class NoSuchItemError(OutboxError):
    """There is no outbox item with this id."""

    exit_code = EX_NOINPUT


class IllegalTransitionError(OutboxError):
    """The item's state does not allow the verb."""

    def __init__(self, message: str, *, state: str, verb: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.state = state
        self.verb = verb


class DuplicateLetterError(OutboxError):
    """An identical letter is in the outbox already, or was sent before."""


class LeaseLostError(OutboxError):
    """Another process owns the item now; the caller must stop working on it at once."""


class ConfigError(TuimailError):
    """The configuration cannot be used for what was asked."""

    exit_code = EX_CONFIG


class SecretError(TuimailError):
    """A password or token is not available."""

    exit_code = EX_NOPERM


class WrongPassphraseError(SecretError):
    """The password file is locked, or the passphrase given for it is another one than its own."""


class DamagedPasswordsError(SecretError):
    """The password file cannot be read whatever the passphrase."""


class TokenDelayedError(SecretError):
    """No token can be had now, and nothing is wrong with the account: the authorization server is out of reach."""

    exit_code = EX_UNAVAILABLE
