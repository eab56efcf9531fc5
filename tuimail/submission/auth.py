"""The SASL mechanisms (RFC 4954), without a connection, and the choice of one.

A password is tried with one mechanism. After a refusal (535) no other mechanism follows, because three attempts with
the same wrong password lock accounts. The next mechanism is tried only if the server does not support the first one
after all (504, 501), and never after a challenge.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Protocol

from tuimail import sasl
from tuimail.submission.failure import Failure, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


class MechanismError(Exception):
    """The server's challenge is invalid for this mechanism, or the password cannot be used with it."""


class Mechanism(Protocol):
    """One mechanism with its name and password."""

    first: bytes | None
    """The initial response; None if the server sends the first challenge."""

    strict: bool
    """Challenges must be valid: the mechanism hides the password from the server, and a wrong one may be an attack."""

    def answer(self, challenge: bytes) -> bytes:
        """The response to ``challenge``; may take a second of CPU. Raises MechanismError or SubmissionError."""
        ...

    @property
    def proven(self) -> bool:
        """The server has proved itself as far as the mechanism requires; a 235 before that is a forgery."""
        ...


class Plain:
    """PLAIN (RFC 4616)."""

    strict = False
    proven = True

    def __init__(self, user: str, secret: str) -> None:
        if "\0" in user or "\0" in secret:
            raise MechanismError("a NUL in user name or password")
        self.first: bytes | None = sasl.plain(user, secret)

    def answer(self, challenge: bytes) -> bytes:  # noqa: ARG002 (some servers put words there)
        """The initial response once more, for servers that ignored it; a second challenge is an error."""
        if self.first is None:
            raise MechanismError("PLAIN has no challenge")
        again, self.first = self.first, None
        return again


class Login:
    """LOGIN: user name and password, each asked for (no RFC; draft-murchison-sasl-login)."""

    strict = False
    proven = True

    def __init__(self, user: str, secret: str) -> None:
        self.first: bytes | None = None
        self._answers = [user.encode(), secret.encode()]

    def answer(self, challenge: bytes) -> bytes:  # noqa: ARG002 (the prompts are in any language)
        """The user name, then the password."""
        if not self._answers:
            raise MechanismError("LOGIN asks two questions")
        return self._answers.pop(0)


class CramMd5:
    """CRAM-MD5 (RFC 2195)."""

    strict = True
    proven = True

    def __init__(self, user: str, secret: str) -> None:
        self.first: bytes | None = None
        self._user = user.encode()
        self._secret = secret.encode()
        self._asked = False

    def answer(self, challenge: bytes) -> bytes:
        """The keyed digest of ``challenge``."""
        if self._asked or not challenge:
            raise MechanismError("CRAM-MD5 has one challenge")
        self._asked = True
        return self._user + b" " + hmac.new(self._secret, challenge, "md5").hexdigest().encode()


FEWEST, MOST = 4096, 1_000_000
"""Iterations a server may ask for: fewer expose the password (RFC 7677 section 4), more take minutes to compute."""
_LONGEST_CHALLENGE = 4096
_ITERATIONS = re.compile(r"(?:\A|,)i=([^,]*+)")


class Scram:
    """SCRAM without channel binding (RFC 5802, RFC 7677): hides the password, and the server proves itself too."""

    strict = True

    def __init__(self, name: str, user: str, secret: str, *, nonce: str | None = None) -> None:
        from scramp import ScramClient, ScramException

        try:
            self._client = ScramClient([name], user, secret, c_nonce=nonce)
            self.first: bytes | None = str(self._client.get_client_first()).encode()
        except (ScramException, UnicodeError) as error:
            raise MechanismError(str(error)) from error
        self._step = 0
        self.proven = False
        """The server's signature is valid."""

    def answer(self, challenge: bytes) -> bytes:
        """The client's proof; then, after checking the server's signature, an empty response."""
        from scramp import ScramException

        self._step += 1
        try:
            message = challenge.decode()
            if len(message) > _LONGEST_CHALLENGE:
                raise MechanismError("a challenge that is too long")
            if self._step == 1:
                _check_iterations(message)
                self._client.set_server_first(message)
                return str(self._client.get_client_final()).encode()
        except (ScramException, ValueError) as error:
            raise MechanismError(str(error)) from error
        if self._step > 2:
            raise MechanismError("SCRAM has two challenges")
        if message.startswith("e="):
            # A refusal; the server's 535 follows.
            return b""
        try:
            self._client.set_server_final(message)
        except (ScramException, ValueError) as error:
            raise SubmissionError(Failure.TAMPERED, "The server does not know the password it should check.") from error
        self.proven = True
        return b""


def _check_iterations(message: str) -> None:
    """Raises MechanismError if the server's first message has too few or too many iterations, or no clear number."""
    found: list[str] = _ITERATIONS.findall(message)
    if len(found) != 1 or not (found[0].isascii() and found[0].isdigit()):
        raise MechanismError("no number of iterations")
    if len(found[0]) > len(str(MOST)) or not FEWEST <= int(found[0]) <= MOST:
        raise MechanismError(f"{found[0][:20]} iterations, where {FEWEST} to {MOST} are sound")


class Bearer:
    """OAUTHBEARER (RFC 7628) and XOAUTH2 (its predecessor by Google): a token instead of a password."""

    strict = False
    proven = True

    def __init__(self, name: str, user: str, token: str, host: str, port: int) -> None:
        if "\1" in user or "\1" in token:
            raise MechanismError("a control character in user name or token")
        if name == "OAUTHBEARER":
            self.first: bytes | None = sasl.oauthbearer(user, token, host, port)
            self._after_error = b"\1"
        else:
            self.first = sasl.xoauth2(user, token)
            self._after_error = b""
        self.error = ""
        """The server's reason, e.g. "invalid_token"."""

    def answer(self, challenge: bytes) -> bytes:
        """The response that ends the exchange after the server sent its error as JSON; its 535 follows."""
        try:
            told = json.loads(challenge)
            self.error = str(told.get("status", "")) if isinstance(told, dict) else ""
        except (ValueError, RecursionError):
            self.error = ""
        return self._after_error


_PRIVATE_ORDER = ("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5")
"""Under TLS PLAIN is preferred to CRAM-MD5, which requires the server to store passwords as plain text."""
_OPEN_ORDER = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")
"""Mechanisms that are allowed without encryption: they do not send the password."""
_TOKEN_ORDER = ("OAUTHBEARER", "XOAUTH2")


def mechanisms_for(offered: Iterable[str], *, oauth: bool, private: bool) -> list[str]:
    """Which of the ``offered`` mechanisms to use, the best first. ``private``: TLS, or a connection to this machine.

    Raises:
        SubmissionError: CLEARTEXT if all that fit need encryption, NO_MECHANISM if none fits.
    """
    names = {name.upper() for name in offered}
    known = _TOKEN_ORDER if oauth else _PRIVATE_ORDER
    fitting = [name for name in known if name in names]
    allowed = fitting if private else [name for name in _OPEN_ORDER if name in fitting]
    if not fitting:
        raise SubmissionError(Failure.NO_MECHANISM, _offers(names))
    if not allowed:
        raise SubmissionError(Failure.CLEARTEXT)
    return allowed


def mechanism(name: str, user: str, secret: str, *, host: str = "", port: int = 0) -> Mechanism:
    """The mechanism ``name`` for ``user``. Raises MechanismError if ``secret`` cannot be used with it."""
    try:
        if name in _TOKEN_ORDER:
            return Bearer(name, user, secret, host, port)
        if name.startswith("SCRAM-"):
            return Scram(name, user, secret)
        makers: dict[str, Callable[[str, str], Mechanism]] = {"PLAIN": Plain, "LOGIN": Login, "CRAM-MD5": CramMd5}
        return makers[name](user, secret)
    except UnicodeEncodeError as error:
        raise MechanismError("user name or password is not valid text") from error


def _offers(names: Collection[str]) -> str:
    from tuimail.mail.text import safe_line

    if not names:
        return "It offers none; perhaps the account needs another port."
    return f"It offers {safe_line(', '.join(sorted(names)))[:200]}."
