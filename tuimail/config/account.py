"""One ``[accounts.NAME]`` table -> an Account, or None when it cannot be used. Pure.

A server with a wrong value is not used, because guessing would be worse: without its submission server an account is
not used, without its IMAP server it can still send.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from tuimail.config.model import (
    CONNECTIONS,
    NOTIFY,
    Account,
    Auth,
    Identity,
    KeepPolicy,
    MaildirLayout,
    Rate,
    Security,
    SentCopy,
    Server,
    SpecialUse,
    SubmissionCommand,
)
from tuimail.config.oauth_table import read_oauth
from tuimail.config.reading import shown

if TYPE_CHECKING:
    from pathlib import Path

    from tuimail.config.reading import Table

SUBMISSION_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
IMAP_PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
STARTTLS_PORTS = frozenset({25, 587, 2525, 143})
"""Ports on which a connection starts unencrypted (RFC 8314 section 7); STARTTLS is then the default, and required."""

MOST_CONNECTIONS = 16
"""Maximum number of simultaneous connections to a submission server; servers do not accept more from one client."""

_NOT_HERE = "A password does not belong in this file: use password_command, or store it with tuimail account login."
_MISPLACED = {"password": _NOT_HERE, "pass": _NOT_HERE, "token": _NOT_HERE}


def account_name_fault(name: str) -> str:
    """What is wrong with ``name`` as an account's name, which also names its folder; empty if nothing is."""
    if not re.fullmatch(r"[\w+@-][\w.+@-]{0,63}", name):
        return "An account's name is made of letters, digits, dots, hyphens and underscores, at most 64."
    return ""


def read_account(name: str, table: Table) -> Account | None:
    """The account of ``table``; None when it has no valid identity or no valid submission."""
    identities = _identities(table)
    submission_table = table.table("submission")
    submission: Server | SubmissionCommand | None = None
    fallback: list[Server] = []
    rate: Rate | None = None
    if submission_table is not None:
        submission = _submission(submission_table, identities, fallback)
        rate = _rate(submission_table)
        submission_table.finish(meant=_MISPLACED)
    elif "submission" not in table:
        table.complain("submission", f"There is no [accounts.{name}.submission]: it says where letters leave.")
    imap_table = table.table("imap")
    imap = None if imap_table is None else _server(imap_table, IMAP_PORTS, identities, "the IMAP server's name")
    if imap_table is not None:
        subscribed = imap_table.flag("subscribed", default=False)
        imap = None if imap is None else replace(imap, subscribed=subscribed)
        imap_table.finish(meant=_MISPLACED)
    maildir, layout = _maildir(table)
    mbox_table = table.table("mbox")
    mbox = None
    if mbox_table is not None:
        mbox = mbox_table.file("path")
        mbox_table.finish()
    folders = _folders(table)
    notify = tuple(name for _, name in table.list_of_texts("notify")) if "notify" in table else NOTIFY
    policy = _policy(table, name, has_server=imap_table is not None)
    sent_copy = _sent_copy(table, name, imap)
    oauth = read_oauth(table, [submission, *fallback, imap])
    table.finish(meant=_MISPLACED)
    if not identities or submission is None:
        return None
    return Account(
        name,
        tuple(identities),
        submission,
        imap,
        maildir=maildir,
        maildir_layout=layout,
        mbox=mbox,
        folders=folders,
        sent_copy=sent_copy,
        fallback=tuple(fallback),
        rate=rate,
        notify=notify,
        policy=policy,
        oauth=oauth,
    )


def _sent_copy(table: Table, account: str, imap: Server | None) -> SentCopy:
    """``[accounts.NAME.sent]``: where the copy of a sent letter goes."""
    sent = table.table("sent")
    if sent is None:
        return SentCopy.AUTO
    copy = sent.choice("copy", SentCopy.AUTO)
    if copy is SentCopy.APPEND and imap is None:
        sent.complain("copy", f'"append" needs a valid [accounts.{account}.imap]; the copy goes to the Maildir.')
        copy = SentCopy.AUTO
    sent.finish()
    return copy


def _policy(table: Table, account: str, *, has_server: bool) -> dict[str, KeepPolicy]:
    """``[accounts.NAME.policy]``: name of a folder, or ``*`` -> what of it is kept on this machine."""
    policy = table.table("policy")
    if policy is None:
        return {}
    if not has_server:
        table.warn("policy", f"Is for mail on a server: there is no [accounts.{account}.imap].")
    found = {}
    for folder in policy.names():
        chosen = policy.choice(folder, KeepPolicy.RECENT)
        if folder.upper() == "INBOX" and chosen is KeepPolicy.NONE:
            policy.complain(folder, 'INBOX is always read: "headers" keeps no more of it than the list.')
        elif policy.values[folder] == chosen:
            found[folder] = chosen
    return found


def _maildir(table: Table) -> tuple[Path | None, MaildirLayout]:
    """``[accounts.NAME.maildir]``: where it is, and how its folders are laid out."""
    maildir = table.table("maildir")
    if maildir is None:
        return None, MaildirLayout.AUTO
    found = maildir.file("path"), maildir.choice("layout", MaildirLayout.AUTO)
    maildir.finish()
    return found


def _folders(table: Table) -> dict[SpecialUse, str]:
    """``[accounts.NAME.folders]``: special use -> name of the user's folder."""
    folders = table.table("folders")
    if folders is None:
        return {}
    found = {use: name for use in SpecialUse if use in folders and (name := folders.text(use))}
    folders.finish()
    return found


def _identities(table: Table) -> list[Identity]:
    name = table.text("name")
    signature = table.text("signature", lines=True)
    others = table.tables("identities")
    needed = "" if others else 'the address you write as, for example "ada@example.org"'
    address = table.text("address", needed=needed, check=address_fault)
    found = [Identity(address, name, signature)] if address else []
    for index, alias in table.list_of_texts("aliases"):
        wrong = address_fault(alias)
        if wrong:
            table.source.complain((*table.path, "aliases", index), wrong)
        else:
            found.append(Identity(alias, name, signature))
    for each in others:
        other = Identity(
            each.text("address", needed="the address of this identity", check=address_fault),
            each.text("name", name),
            each.text("signature", signature, lines=True),
        )
        each.finish()
        if other.address:
            found.append(other)
    once: dict[str, Identity] = {}
    for identity in found:
        once.setdefault(identity.address.casefold(), identity)
    if "address" in table and not address:
        return []  # the first identity is the default: another one must not silently replace it
    return list(once.values())


_SERVER_KEYS = ("host", "port", "security", "username", "auth", "password_command", "ca_file", "ehlo_name", "insecure")
_SMTP_KEYS = ("fallback", "pipelining", "pipeline_past_dot")


def _submission(table: Table, identities: list[Identity], fallback: list[Server]) -> Server | SubmissionCommand | None:
    """The submission server or command; appends the fallback servers to ``fallback``."""
    if "command" in table:
        argv = table.argv("command")
        for key in (*_SERVER_KEYS, *_SMTP_KEYS):
            if table.holds(key):
                table.complain(key, "Goes with a server, but this submission has a command: keep one of the two.")
        broken = table.broken
        connections = table.whole("connections", CONNECTIONS, least=1, most=MOST_CONNECTIONS)
        return None if broken else SubmissionCommand(argv, connections)
    server = _server(table, SUBMISSION_PORTS, identities, "the submission server's name, or command = [...]")
    connections = table.whole("connections", CONNECTIONS, least=1, most=MOST_CONNECTIONS)
    if server is not None:
        server = replace(server, connections=connections, **_pipelining(table, server))
    for place, each in table.texts_or_tables("fallback"):
        other = None if server is None else _stand_in(table, place, each, server)
        if other is not None and other != server and other not in fallback:
            fallback.append(other)
    return server


class _Pipelining(TypedDict):
    pipelining: bool
    pipeline_past_dot: bool


def _pipelining(table: Table, otherwise: Server) -> _Pipelining:
    return {
        "pipelining": table.flag("pipelining", otherwise.pipelining),
        "pipeline_past_dot": table.flag("pipeline_past_dot", otherwise.pipeline_past_dot),
    }


def _stand_in(table: Table, place: int, written: str | Table, first: Server) -> Server | None:
    """A fall-back server, "smtp2.example.org", "smtp2.example.org:587" or a table; the rest is as with ``first``."""
    if isinstance(written, str):
        host, port = written, ""
        match = re.fullmatch(r"\[?([^\[\]]+?)\]?:(\d{1,5})", written)
        if match and not is_address(written):
            host, port = match[1], match[2]
        wrong = host_fault(host)
        if not wrong and port and not 0 < int(port) < 65536:
            wrong = f"Must have a port from 1 to 65535, not {port}."
        if wrong:
            table.source.complain((*table.path, "fallback", place), wrong)
            return None
        return replace(first, host=host, insecure=False, **_endpoint(first, host, int(port) if port else 0))
    host = written.text("host", needed="the name of the fallback server", check=host_fault)
    way = _endpoint(first, host, written.whole("port", 0, least=1, most=65535))
    security = written.choice("security", way["security"])
    if security is not way["security"] and "port" not in written:
        way["port"] = SUBMISSION_PORTS[security]
    auth = written.choice("auth", first.auth)
    other = replace(
        first,
        host=host,
        port=way["port"],
        security=security,
        auth=auth,
        username=written.text("username", first.username),
        password_command=written.argv("password_command") or first.password_command,
        ca_file=written.file("ca_file") or first.ca_file,
        ehlo_name=written.text("ehlo_name", first.ehlo_name, check=_ehlo_fault),
        insecure=_in_clear(written, host, security, auth),
        **_pipelining(written, first),
    )
    broken = written.broken
    written.finish(meant=_MISPLACED)
    return None if broken else other


def _in_clear(table: Table, host: str, security: Security, auth: Auth) -> bool:
    """Whether the connection to ``host`` is unencrypted; an error unless the table has ``insecure = true``."""
    meant = table.flag("insecure", default=False)
    if security is not Security.NONE or is_loopback(host):
        return False
    if not meant:
        table.complain(
            "security",
            f'With "none" letters are sent to {host} unencrypted, so this server is not used. '
            'Write "tls" or "starttls", or insecure = true beside it if you want that.',
        )
        return False
    password = "" if auth is Auth.NONE else ' The password is not sent like that: set auth = "none".'
    table.warn("security", f"Not encrypted: others on the network can read the letters you send to {host}.{password}")
    return True


class _Endpoint(TypedDict):
    port: int
    security: Security


def _endpoint(first: Server, host: str, port: int) -> _Endpoint:
    """Port and security of a fallback server: those of ``first``, unless its own port implies another security.

    A first server without encryption on this machine does not make a remote fallback unencrypted.
    """
    security = first.security
    if security is Security.NONE and not is_loopback(host):
        security = Security.STARTTLS if (port or first.port) in STARTTLS_PORTS else Security.TLS
    if not port or port == first.port:
        return {"port": first.port, "security": security}
    by_port = {465: Security.TLS, **dict.fromkeys(STARTTLS_PORTS, Security.STARTTLS)}
    return {"port": port, "security": by_port.get(port, security)}


_WINDOWS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _rate(table: Table) -> Rate | None:
    text = table.text("rate", check=_rate_fault)
    if not text:
        return None
    letters, _, window = text.partition("/")
    return Rate(int(letters), _WINDOWS[window.strip()])


def _rate_fault(text: str) -> str:
    if re.fullmatch(r"[1-9]\d{0,6}\s*/\s*(s|m|min|h|d)", text):
        return ""
    return f'Must be letters and a time such as "100/h", "20/min" or "2000/d", not {shown(text)}.'


def _server(table: Table, ports: dict[Security, int], identities: list[Identity], what: str) -> Server | None:
    host = table.text("host", needed=what, check=host_fault)
    written_port = table.whole("port", 0, least=1, most=65535)
    by_port = Security.STARTTLS if written_port in STARTTLS_PORTS else Security.TLS
    security = table.choice("security", by_port)
    auth = table.choice("auth", Auth.PASSWORD)
    default_name = identities[0].address if identities and auth is not Auth.NONE else ""
    username = table.text("username", default_name)
    password_command = table.argv("password_command")
    ca_file = table.file("ca_file")
    insecure = _in_clear(table, host, security, auth)
    broken = table.broken
    ehlo_name = table.text("ehlo_name", check=_ehlo_fault)  # without it the server still works
    if broken:
        return None
    return Server(
        host=host,
        port=written_port or ports[security],
        security=security,
        username=username,
        auth=auth,
        password_command=password_command,
        ca_file=ca_file,
        ehlo_name=ehlo_name,
        insecure=insecure,
    )


def address_fault(address: str) -> str:
    """What is wrong with ``address`` as an identity's address; empty if nothing is."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or re.search(r"[\s<>,;\x00-\x1f\x7f-\x9f]", address):
        return f'Must be a plain address such as "ada@example.org", not {shown(address, 60)}.'
    if domain.startswith(".") or domain.endswith(".") or ".." in domain:
        return f"Must have a valid domain after the @, not {shown(domain, 60)}."
    return ""


def host_fault(host: str) -> str:
    """What is wrong with ``host``; empty if nothing is."""
    if "://" in host or "/" in host:
        return "Must be a server's name alone, without a scheme or a path."
    if is_address(host):
        return ""
    if re.fullmatch(r"[^:]+:\d+", host):
        return "Must be a server's name alone; the number goes into port."
    if not host or len(host) > 253 or re.search(r"[\s:@\[\]<>\"'\\\x00-\x1f\x7f-\x9f]", host):
        return 'Must be a server\'s name such as "smtp.example.org".'
    return ""


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address."""
    if ":" not in host:
        parts = host.split(".")
        return len(parts) == 4 and all(re.fullmatch("[0-9]{1,3}", part) and int(part) < 256 for part in parts)
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(host)
    except AddressValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    if host.casefold().rstrip(".") == "localhost" or host == "::1":
        return True
    return host.startswith("127.") and is_address(host)


def _ehlo_fault(name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\]", name):
        return ""
    return 'Must be a host name such as "laptop.example.org"; leave it out to tell the server nothing.'
