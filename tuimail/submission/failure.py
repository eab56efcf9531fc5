"""Everything that can end an attempt and is not a reply of the server."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """The kinds of failure; each has its own meaning in submission/classify."""

    UNKNOWN_HOST = "unknown-host"
    """The host's name does not exist."""
    NO_DNS = "no-dns"
    """Names cannot be looked up just now."""
    REFUSED = "refused"
    """Nothing listens at the port."""
    UNREACHABLE = "unreachable"
    """The host cannot be reached: no network or no route."""
    TIMEOUT = "timeout"
    """Nothing happened for too long."""
    RESET = "reset"
    """The connection broke."""
    EOF = "eof"
    """The server closed the connection without a reply."""
    GARBAGE = "garbage"
    """The server sent something that is not an SMTP reply, or a reply without an end."""
    CERTIFICATE = "certificate"
    """The server's certificate could not be verified."""
    HANDSHAKE = "handshake"
    """The TLS handshake failed."""
    NO_STARTTLS = "no-starttls"
    """The account requires STARTTLS and the server does not offer it."""
    TAMPERED = "tampered"
    """Bytes were injected before TLS, or the server failed to prove that it knows the password."""
    NO_MECHANISM = "no-mechanism"
    """Client and server have no SASL mechanism in common."""
    CLEARTEXT = "cleartext"
    """Every mechanism the server offers would send the password unencrypted."""
    NO_SECRET = "no-secret"
    """The password or token is not available."""
    TOKEN_DELAYED = "token-delayed"
    """The access token cannot be renewed now."""
    TOO_BIG = "too-big"
    """The letter is larger than the size the server announced."""
    NO_SMTPUTF8 = "no-smtputf8"
    """The letter needs SMTPUTF8 and the server does not offer it."""
    NO_FUTURE_RELEASE = "no-future-release"
    """The server should hold the letter until a later time and does not support that, or not for so long."""
    BAD_SENDER = "bad-sender"
    """The reverse-path is not valid in a command."""
    BAD_RECIPIENT = "bad-recipient"
    """The forward-path is not valid in a command."""
    UNREADABLE = "unreadable"
    """The letter's file cannot be read, or its length has changed."""
    SOME_REFUSED = "some-refused"
    """Another recipient was refused, and the letter must go to all recipients or to none."""
    NO_COMMAND = "no-command"
    """The local command does not exist or may not be run."""

    @property
    def description(self) -> str:
        """The line that ends the recorded dialogue when the server sent no reply."""
        return _WORDS.get(self, self.value.replace("-", " "))


_WORDS = {
    Failure.UNKNOWN_HOST: "the host name does not exist",
    Failure.NO_DNS: "the host name cannot be looked up just now",
    Failure.REFUSED: "nothing listens at that port",
    Failure.UNREACHABLE: "the host cannot be reached",
    Failure.TIMEOUT: "the server did not answer in time",
    Failure.RESET: "the connection broke",
    Failure.EOF: "the server closed the connection",
    Failure.GARBAGE: "the server sent something that is not an SMTP reply",
    Failure.CERTIFICATE: "the server's certificate could not be verified",
    Failure.HANDSHAKE: "the TLS handshake failed",
    Failure.NO_STARTTLS: "the server does not offer STARTTLS",
    Failure.TAMPERED: "the connection may have been tampered with",
    Failure.NO_MECHANISM: "the server offers no supported way to sign in",
    Failure.CLEARTEXT: "the password would have been sent unencrypted",
    Failure.NO_SECRET: "the password is not available",
    Failure.TOKEN_DELAYED: "the access token cannot be renewed now",
    Failure.TOO_BIG: "the letter is larger than the server accepts",
    Failure.NO_SMTPUTF8: "the server does not support international addresses",
    Failure.NO_FUTURE_RELEASE: "the server does not hold letters until a later time",
    Failure.BAD_SENDER: "the sender's address is not valid in a command",
    Failure.BAD_RECIPIENT: "the recipient's address is not valid in a command",
    Failure.UNREADABLE: "the letter's file cannot be read",
    Failure.SOME_REFUSED: "another recipient was refused",
    Failure.NO_COMMAND: "the mail command cannot be run",
}


class SubmissionError(Exception):
    """The dialogue cannot continue. ``detail``, already sanitised, is appended to the verdict's message."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure}: {detail}" if detail else str(failure))
        self.failure = failure
        self.detail = detail


class StartOverError(Exception):
    """The connection is unusable and the server has accepted nothing: the letter needs a new connection.

    ``past_dot``: the server discarded the commands that followed the final dot of the previous letter.
    """

    def __init__(self, *, past_dot: bool = False) -> None:
        super().__init__("start over")
        self.past_dot = past_dot
