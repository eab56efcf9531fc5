"""What a check says of a server that lets nobody in: what is wrong, and what to do now. Pure.

The reply table (submission/reply_table) is about a message, which waits and is retried by itself. A check is not
retried: its reader wants to fix the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.config.model import Auth, Security
from tuimail.mail.text import safe_line
from tuimail.submission.failure import Failure
from tuimail.submission.result import AccountProblem, Action, Stage

if TYPE_CHECKING:
    from tuimail.config.model import Server
    from tuimail.submission.result import Verdict

_PASSES = "Nothing is wrong with the account. Check once more in some minutes; if it stays so, ask the provider."
_BUSY = {
    Stage.GREETING: "{host} takes nobody in just now.",
    Stage.EHLO: "{host} takes nobody in just now.",
    Stage.STARTTLS: "{host} cannot secure the connection just now.",
    Stage.AUTH: "{host} cannot check sign-ins just now.",
}
_ROUTE = "Check host and port in the account; a firewall or this network may block the port."
_PORTS = {
    Security.TLS: 'Check host and port in the account: security = "tls" goes with port 465.',
    Security.STARTTLS: 'Check host and port in the account: security = "starttls" goes with port 587.',
    Security.NONE: "Check host and port in the account, and that the server runs.",
}


def of_refusal(verdict: Verdict, server: Server) -> tuple[str, str]:
    """Words and hint for a reply that let nobody in; the server's own words are among them."""
    host = safe_line(server.host)
    words, hint = verdict.message, ""
    if verdict.crowded:
        words, hint = f"{host} allows no more connections at once.", "Close other mail programs of this account."
    elif verdict.action is Action.RETRY and verdict.delay:
        words = f"{host} has seen too many sign-ins of this account."
        hint = f"Wait {round(verdict.delay / 60)} minutes before you check once more; each try makes it longer."
    elif verdict.action is Action.RETRY:
        words, hint = _BUSY.get(verdict.stage, "{host} does not serve this just now.").format(host=host), _PASSES
    if verdict.reply is not None and (said := safe_line(str(verdict.reply))) not in words:
        words += f" It says: {said}"
    return words, hint


def of_failure(verdict: Verdict, failure: Failure, server: Server, detail: str = "") -> tuple[str, str]:
    """Words and hint for a connection that failed; ``detail`` is a sanitised sentence that is added."""
    host = safe_line(server.host)
    match failure:
        case Failure.REFUSED:
            words, hint = (
                f"{host} does not answer at this port: nothing listens at {server.port}.",
                _PORTS[server.security],
            )
        case Failure.TIMEOUT:
            words = f"{host} did not answer in time while {verdict.stage.description}."
            # A server that waits for TLS says nothing, and neither does one behind a firewall.
            hint = _ROUTE if verdict.stage is Stage.CONNECT else _PORTS[server.security]
        case Failure.RESET | Failure.EOF:
            what = "hung up" if failure is Failure.EOF else "broke the connection"
            words, hint = f"{host} {what} while {verdict.stage.description}.", _PORTS[server.security]
        case Failure.NO_DNS | Failure.UNREACHABLE:
            return verdict.message, "Check the network, then host in the account."
        case _:
            return verdict.message, ""
    return f"{words} {detail}".rstrip(), hint


def of_sign_in(account: str, server: Server, trouble: AccountProblem | None) -> str:
    """What to do about a user name or password that the server refused; empty when that is not the trouble."""
    if trouble is not AccountProblem.SIGN_IN:
        return ""
    if server.password_command:
        program = safe_line(server.password_command[0].rpartition("/")[2])
        return f"Set right username in the account, or what {program} gives."
    if server.auth is Auth.OAUTH2:
        return f"Set right username in the account, or sign in again: tuimail account login {safe_line(account)}"
    return f"Set right username in the account, or store the password: tuimail account login {safe_line(account)}"
