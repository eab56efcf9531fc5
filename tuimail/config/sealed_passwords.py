"""The encrypted password file as bytes: what is in it, sealed with a key that comes from a passphrase. Pure.

A JSON object: ``format``, ``version``, the parameters of scrypt (RFC 7914: ``n``, ``r``, ``p``, ``salt``), ``check`` (a
keyed digest that only the right passphrase gives), ``nonce`` and ``data`` (AES-256-GCM; all that stands before it is
authenticated with it), and ``sum``, a plain SHA-256 by which damage is told apart from a wrong passphrase.

An older copy of the file that somebody puts back is not noticed: it is as authentic as the newest one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tuimail.errors import DamagedPasswordsError, WrongPassphraseError

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE_LIMIT = 1_000_000
"""Bytes of a file that is read."""

VERSION = 1
LEAST_COST, MOST_COST = 1 << 14, 1 << 20
"""Bounds of scrypt's ``n``: a file that somebody changed makes a key neither cheap to guess nor endless to derive."""

MOST_MEMORY = 256 << 20
"""Bytes that deriving a key may take."""

_FORMAT = "tuimail-passwords"
_PADDING = 1024
"""The plain text is filled up to a multiple of this, so that its size does not tell how long a password is."""


@dataclass(frozen=True, slots=True)
class ScryptParameters:
    """What scrypt needs besides the passphrase (RFC 7914, 2)."""

    salt: bytes
    n: int = 1 << 16
    r: int = 8
    p: int = 2


@dataclass(frozen=True, slots=True)
class PasswordKey:
    """A derived key, which ``repr`` does not show, and what it was derived with."""

    parameters: ScryptParameters
    secret: bytes = field(repr=False)


Passwords = dict[tuple[str, str], str]
"""(service, user name) -> password."""


def new_key(passphrase: str) -> PasswordKey:
    """A key with a new salt. Takes a good part of a second."""
    return derived(passphrase, ScryptParameters(os.urandom(32)))


def derived(passphrase: str, parameters: ScryptParameters) -> PasswordKey:
    """The key that belongs to ``passphrase``, typed in whatever Unicode form."""
    raw = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    made = Scrypt(salt=parameters.salt, length=64, n=parameters.n, r=parameters.r, p=parameters.p).derive(raw)
    return PasswordKey(parameters, made)


def sealed(passwords: Mapping[tuple[str, str], str], key: PasswordKey) -> bytes:
    """The content of a file that only ``key`` opens."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    plain = json.dumps([[*name, value] for name, value in passwords.items()]).encode()
    plain += b" " * (-len(plain) % _PADDING)
    head = _head(key)
    nonce = os.urandom(12)
    data = AESGCM(key.secret[:32]).encrypt(nonce, plain, _canonical(head))
    whole = {**head, "nonce": _text(nonce), "data": _text(data)}
    return json.dumps({**whole, "sum": _sum(whole)}, indent=1).encode() + b"\n"


def parameters_of(raw: bytes) -> ScryptParameters:
    """What a key for this file is derived with. Raises DamagedPasswordsError."""
    return _parameters(_document(raw))


def opened(raw: bytes, key: PasswordKey) -> Passwords:
    """The passwords in a file.

    Raises:
        WrongPassphraseError: the key is of another passphrase.
        DamagedPasswordsError: the file is not as tuimail wrote it.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    document = _document(raw)
    head = _head(key)
    if _parameters(document) != key.parameters or not hmac.compare_digest(
        str(document["check"]).encode(), str(head["check"]).encode()
    ):
        raise WrongPassphraseError("That is not its passphrase.")
    try:
        plain = AESGCM(key.secret[:32]).decrypt(_bytes(document["nonce"]), _bytes(document["data"]), _canonical(head))
        return {(service, user): value for service, user, value in json.loads(plain)}
    except (InvalidTag, ValueError, TypeError):
        raise _damaged("its content is not what was sealed") from None


def _head(key: PasswordKey) -> dict[str, object]:
    """What is authenticated together with the passwords."""
    parameters = key.parameters
    head: dict[str, object] = {
        "format": _FORMAT,
        "version": VERSION,
        "n": parameters.n,
        "r": parameters.r,
        "p": parameters.p,
        "salt": _text(parameters.salt),
    }
    return {**head, "check": hmac.new(key.secret[32:], _canonical(head), "sha256").hexdigest()}


def _document(raw: bytes) -> dict[str, object]:
    """The JSON object, with nothing missing and its sum right."""
    if len(raw) > SIZE_LIMIT:
        raise _damaged("it is too large")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise _damaged("it cannot be read") from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _damaged("it is no password file")
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise DamagedPasswordsError(
            "The password file was written by a newer tuimail.",
            hint="Install that version, or store the passwords anew.",
        )
    total = document.pop("sum", None)
    if not isinstance(total, str) or total != _sum(document) or not {"check", "nonce", "data"} <= document.keys():
        raise _damaged("a part of it was changed or lost")
    return document


def _parameters(document: dict[str, object]) -> ScryptParameters:
    n, r, p, salt = (document.get(name) for name in ("n", "r", "p", "salt"))
    try:
        raw_salt = _bytes(salt)
    except (ValueError, TypeError):
        raise _damaged("its salt cannot be read") from None
    if (
        type(n) is not int
        or type(r) is not int
        or type(p) is not int
        or not LEAST_COST <= n <= MOST_COST
        or n & (n - 1)
        or not 1 <= r <= 32
        or not 1 <= p <= 8
        or 128 * n * r > MOST_MEMORY
        or not 16 <= len(raw_salt) <= 64
    ):
        raise _damaged("it asks for a key that is too weak, or takes too long")
    return ScryptParameters(raw_salt, n, r, p)


def _canonical(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _sum(document: Mapping[str, object]) -> str:
    return hashlib.sha256(_canonical(document)).hexdigest()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: object) -> bytes:
    """Raises ValueError, TypeError."""
    if not isinstance(text, str):
        raise TypeError("not a text")
    return base64.b64decode(text, validate=True)


def _damaged(why: str) -> DamagedPasswordsError:
    return DamagedPasswordsError(
        f"The password file is damaged: {why}.",
        hint="Put it back from a backup, or delete it and store the passwords again (tuimail account login).",
    )
