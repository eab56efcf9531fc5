"""What can end an attempt other than a reply of the server."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """The kinds that are told apart because they mean different things (submission/classify)."""

    UNKNOWN_HOST = "unknown-host"
    """The host's name does not exist."""
    NO_DNS = "no-dns"
    """Names cannot be looked up just now."""
    REFUSED = "refused"
    """Nothing listens at the port."""
    UNREACHABLE = "unreachable"
    """No way to the host: no network, no route."""
    TIMEOUT = "timeout"
    """Nothing happened for too long."""
    RESET = "reset"
    """The connection broke."""
    EOF = "eof"
    """The server hung up without a word."""
    GARBAGE = "garbage"
    """What came is no SMTP reply, or an endless one."""
    CERTIFICATE = "certificate"
    """The server could not prove that it is who it should be."""
    HANDSHAKE = "handshake"
    """TLS could not be agreed on."""
    NO_STARTTLS = "no-starttls"
    """STARTTLS was demanded and is not offered."""
    TAMPERED = "tampered"
    """Somebody slipped bytes in before TLS, or the server failed to prove that it knows the password."""
    NO_MECHANISM = "no-mechanism"
    """No way to sign in that both sides know."""
    CLEARTEXT = "cleartext"
    """The only ways to sign in would show the password on an open line."""
    NO_SECRET = "no-secret"
    """The password or token could not be had."""
    TOO_BIG = "too-big"
    """The letter is larger than the server announced to take."""
    NO_SMTPUTF8 = "no-smtputf8"
    """The letter needs SMTPUTF8 and the server does not have it."""
    NO_FUTURE_RELEASE = "no-future-release"
    """The letter is to be kept until later, and the server does not do that, or not for so long."""
    BAD_SENDER = "bad-sender"
    """The reverse-path cannot be put into a command."""
    BAD_RECIPIENT = "bad-recipient"
    """The forward-path cannot be put into a command."""
    UNREADABLE = "unreadable"
    """The letter's own file cannot be read, or is shorter than it was."""
    SOME_REFUSED = "some-refused"
    """Another recipient was refused, and the letter is to go to all or none."""
    NO_COMMAND = "no-command"
    """The local command does not exist or may not be run."""

    @property
    def description(self) -> str:
        """For the record of a dialogue, where it ends without a word of the server."""
        return _WORDS.get(self, self.value.replace("-", " "))


_WORDS = {
    Failure.UNKNOWN_HOST: "the host name does not exist",
    Failure.NO_DNS: "the host name cannot be looked up just now",
    Failure.REFUSED: "nothing listens at that port",
    Failure.UNREACHABLE: "there is no way to that host",
    Failure.TIMEOUT: "the server did not answer in time",
    Failure.RESET: "the connection broke",
    Failure.EOF: "the server hung up",
    Failure.GARBAGE: "what came is no SMTP reply",
    Failure.CERTIFICATE: "the server could not prove who it is",
    Failure.HANDSHAKE: "TLS could not be agreed on",
    Failure.NO_STARTTLS: "the server offers no STARTTLS",
    Failure.TAMPERED: "somebody may have tampered with the connection",
    Failure.NO_MECHANISM: "there is no way to sign in that both sides know",
    Failure.CLEARTEXT: "the password would have crossed an open line",
    Failure.NO_SECRET: "the password could not be had",
    Failure.TOO_BIG: "the letter is larger than the server takes",
    Failure.NO_SMTPUTF8: "the server takes no international addresses",
    Failure.NO_FUTURE_RELEASE: "the server does not keep letters until later",
    Failure.BAD_SENDER: "the sender's address cannot be put into a command",
    Failure.BAD_RECIPIENT: "the recipient's address cannot be put into a command",
    Failure.UNREADABLE: "the letter's own file cannot be read",
    Failure.SOME_REFUSED: "another recipient was refused",
    Failure.NO_COMMAND: "the mail command cannot be run",
}


class SubmissionError(Exception):
    """The dialogue cannot go on. ``detail`` adds to the words of the verdict; it is sanitised already."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure}: {detail}" if detail else str(failure))
        self.failure = failure
        self.detail = detail
