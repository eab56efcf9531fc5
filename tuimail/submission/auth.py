"""Signing in: the SASL mechanisms as dialogues without a connection (RFC 4954), and the choice among them.

One mechanism is tried with one password. After a refusal (535) no other one follows: three tries with the same wrong
password lock accounts. Only when the server does not know the mechanism after all (504, 501) the next is taken, and
never after a challenge.
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
    """The server's challenge makes no sense for this mechanism, or the password cannot be used with it."""


class Mechanism(Protocol):
    """One mechanism with its name and password."""

    first: bytes | None
    """The initial response; None when the server speaks first."""

    strict: bool
    """Its challenges must make sense: it keeps the password from the server, and a wrong one may be an attack."""

    def answer(self, challenge: bytes) -> bytes:
        """The response to ``challenge``; may take a second of CPU. Raises MechanismError or SubmissionError."""
        ...

    @property
    def proven(self) -> bool:
        """The server has shown what the mechanism demands of it; a 235 before that is a fraud."""
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
        """The same again, for servers that ignore an initial response; a second time is an error."""
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
"""Iterations a server may ask for: fewer give the password away (RFC 7677 section 4), more keep us busy for minutes."""
_LONGEST_CHALLENGE = 4096
_ITERATIONS = re.compile(r"(?:\A|,)i=([^,]*+)")


class Scram:
    """SCRAM without channel binding (RFC 5802, RFC 7677): the password stays here, and the server proves itself too."""

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
        """The server's signature was right."""

    def answer(self, challenge: bytes) -> bytes:
        """The proof; then, after the server's signature was checked, nothing."""
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
            # The server's way of saying no; its 535 follows.
            return b""
        try:
            self._client.set_server_final(message)
        except (ScramException, ValueError) as error:
            raise SubmissionError(Failure.TAMPERED, "The server does not know the password it should check.") from error
        self.proven = True
        return b""


def _check_iterations(message: str) -> None:
    """Raises MechanismError when the server's first message asks for too few or too many, or in no clear way."""
    found: list[str] = _ITERATIONS.findall(message)
    if len(found) != 1 or not (found[0].isascii() and found[0].isdigit()):
        raise MechanismError("no number of iterations")
    if len(found[0]) > len(str(MOST)) or not FEWEST <= int(found[0]) <= MOST:
        raise MechanismError(f"{found[0][:20]} iterations, where {FEWEST} to {MOST} are sound")


class Bearer:
    """OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's forerunner): a token instead of a password."""

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
        """What ends the exchange after the server has told its error as JSON; its 535 follows."""
        try:
            told = json.loads(challenge)
            self.error = str(told.get("status", "")) if isinstance(told, dict) else ""
        except (ValueError, RecursionError):
            self.error = ""
        return self._after_error


_PRIVATE_ORDER = ("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5")
"""Under TLS PLAIN comes before CRAM-MD5, which works only where the server keeps passwords in clear."""
_OPEN_ORDER = ("SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5")
"""What may cross an open line: the password itself does not."""
_TOKEN_ORDER = ("OAUTHBEARER", "XOAUTH2")


def mechanisms_for(offered: Iterable[str], *, oauth: bool, private: bool) -> list[str]:
    """Which of the ``offered`` mechanisms to use, the best first. ``private``: TLS, or a connection to this machine.

    Raises:
        SubmissionError: CLEARTEXT when only an open line stands in the way, NO_MECHANISM when none fits.
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
    """The mechanism ``name`` for ``user``. Raises MechanismError when ``secret`` cannot be used with it."""
    try:
        if name in _TOKEN_ORDER:
            return Bearer(name, user, secret, host, port)
        if name.startswith("SCRAM-"):
            return Scram(name, user, secret)
        makers: dict[str, Callable[[str, str], Mechanism]] = {"PLAIN": Plain, "LOGIN": Login, "CRAM-MD5": CramMd5}
        return makers[name](user, secret)
    except UnicodeEncodeError as error:
        raise MechanismError("user name or password is no text") from error


def _offers(names: Collection[str]) -> str:
    from tuimail.mail.text import safe_line

    if not names:
        return "It offers none at all, perhaps because it wants another port."
    return f"It offers {safe_line(', '.join(sorted(names)))[:200]}."
