"""config-v1.1 documents for tests."""

from __future__ import annotations

SERVER = """<{kind}Server type="{type}"><hostname>{host}</hostname><port>{port}</port><socketType>{socket}</socketType>
<username>{username}</username><authentication>{authentication}</authentication></{kind}Server>"""


def server(
    kind: str = "incoming",
    *,
    host: str = "",
    port: str = "",
    socket: str = "SSL",
    username: str = "%EMAILADDRESS%",
    authentication: str = "password-cleartext",
) -> str:
    """One server element; usual values where none are given."""
    imap = kind == "incoming"
    return SERVER.format(
        kind=kind,
        type="imap" if imap else "smtp",
        host=host or ("imap.example.org" if imap else "smtp.example.org"),
        port=port or ("993" if imap else "465"),
        socket=socket,
        username=username,
        authentication=authentication,
    )


def document(*servers: str, beside: str = "", below: str = "") -> bytes:
    """A whole document; ``beside``: elements of the root, ``below``: of the provider."""
    inner = "".join(servers or (server(), server("outgoing")))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1"><emailProvider id="example.org">'
        f"<displayName>Example Mail</displayName>{inner}{below}</emailProvider>{beside}</clientConfig>"
    ).encode()
