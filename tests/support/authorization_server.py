"""An authorization server on this machine, over HTTPS: RFC 6749, 7591, 7636, 8414, 8628, 9207, and introspection.

It rotates refresh tokens, and ends a grant whose old refresh token is used once more, as RFC 9700 section 4.14.2 wants.
``manners`` makes it silent, lying or broken.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    Answer = tuple[int, dict[str, Any] | bytes]

USER = "ada@example.org"
CLIENT = "own-client"
CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Grants:
    """What was granted. ``lock`` guards it: requests come on threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    clients: set[str] = field(default_factory=lambda: {CLIENT})
    client_secret: str = ""
    """That the client needs; empty: it is public."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    devices: dict[str, bool] = field(default_factory=dict)
    """Device code -> the user has signed in."""
    current: dict[str, str] = field(default_factory=dict)
    """Grant -> its refresh token."""
    refresh: dict[str, str] = field(default_factory=dict)
    """Each refresh token, old ones too -> its grant."""
    access: dict[str, str] = field(default_factory=dict)
    """Access token -> its grant."""
    ended: set[str] = field(default_factory=set)
    """Grants that are over."""

    def is_active(self, token: str) -> bool:
        with self.lock:
            return token in self.access and self.access[token] not in self.ended


class AuthorizationServer:
    """One server. Use it with ``running_authorization_server``."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.grants = Grants()
        self.lifetime: object = 3600
        self.prefix = ""
        """Of every token and code."""
        self.rotates = True
        self.manners: dict[str, Callable[[dict[str, str]], Answer | None]] = {}
        """Path -> an answer in place of the usual one; None: the usual one."""
        self.metadata: dict[str, Any] = {}
        """Changes to the metadata; None removes a key."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and fields of each."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve(dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Type"] == "application/json":
                    fields = {key: json.dumps(value) for key, value in json.loads(body).items()}
                else:
                    fields = dict(parse_qsl(body.decode()))
                if self.headers.get("Authorization"):
                    fields["authorization"] = self.headers["Authorization"]
                self._serve(fields)

            def _serve(self, fields: dict[str, str]) -> None:
                path = urlsplit(self.path).path
                server.requests.append((path, fields))
                special = server.manners[path](fields) if path in server.manners else None
                status, answer = special if special is not None else server.answer(path, fields)
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body.decode())
                    body = b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_about: object) -> None:
                pass  # a client hung up, or does not trust us

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.scheme = "https" if context else "http"
        if context is not None:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def issuer(self) -> str:
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{host}:{self.http.server_port}"

    def count(self, path: str) -> int:
        """How many requests for ``path`` came."""
        return sum(each == path for each, _ in self.requests)

    def answer(self, path: str, fields: dict[str, str]) -> Answer:
        known: dict[str, Callable[[dict[str, str]], Answer]] = {
            "/.well-known/oauth-authorization-server": self._metadata,
            "/authorize": self._authorize,
            "/token": self._token,
            "/device": self._device,
            "/register": self._register,
            "/introspect": self._introspect,
        }
        return known[path](fields) if path in known else (404, b"")

    def new_grant(self) -> tuple[str, str]:
        """A grant that exists already: its refresh token and an access token."""
        made = self._give(f"grant{len(self.grants.current)}")
        return made["refresh_token"], made["access_token"]

    def revoke(self) -> None:
        """End every grant (RFC 7009)."""
        with self.grants.lock:
            self.grants.ended |= set(self.grants.current)

    def _metadata(self, _fields: dict[str, str]) -> Answer:
        usual = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "device_authorization_endpoint": f"{self.issuer}/device",
            "registration_endpoint": f"{self.issuer}/register",
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
        }
        return 200, {key: value for key, value in {**usual, **self.metadata}.items() if value is not None}

    def _authorize(self, fields: dict[str, str]) -> Answer:
        """The user signs in and allows it, at once."""
        grants = self.grants
        assert fields["response_type"] == "code"
        assert fields["client_id"] in grants.clients
        assert fields["code_challenge_method"] == "S256"
        assert fields["redirect_uri"].startswith("http://127.0.0.1:")
        code = self.prefix + secrets.token_urlsafe(12)
        grants.codes[code] = fields
        answer = {"code": code, "state": fields["state"], "iss": self.issuer}
        return 302, f"{fields['redirect_uri']}?{urlencode(answer)}".encode()

    def _token(self, fields: dict[str, str]) -> Answer:
        grants = self.grants
        basic = fields.get("authorization", "")
        if basic:
            pair = base64.b64decode(basic.removeprefix("Basic ")).decode().split(":")
            name, given = (unquote_plus(each) for each in pair)
        else:
            name, given = fields.get("client_id", ""), fields.get("client_secret", "")
        if name not in grants.clients or given != grants.client_secret:
            return 401, {"error": "invalid_client"}
        kind = fields["grant_type"]
        if kind == "authorization_code":
            return self._exchange(fields)
        if kind == CODE:
            return self._poll(fields)
        assert kind == "refresh_token"
        with grants.lock:
            token = fields["refresh_token"]
            grant = grants.refresh.get(token)
            if grant is None or grant in grants.ended:
                return 400, {"error": "invalid_grant", "error_description": "Token has been revoked."}
            if grants.current[grant] != token:
                grants.ended.add(grant)
                return 400, {"error": "invalid_grant", "error_description": "Token was used twice."}
        return 200, self._give(grant, rotate=self.rotates)

    def _exchange(self, fields: dict[str, str]) -> Answer:
        asked = self.grants.codes.pop(fields["code"], None)
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != fields["redirect_uri"]
            or asked["client_id"] != fields["client_id"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, self._give(f"grant{len(self.grants.current)}")

    def _poll(self, fields: dict[str, str]) -> Answer:
        signed_in = self.grants.devices.get(fields["device_code"])
        if signed_in is None:
            return 400, {"error": "expired_token"}
        if not signed_in:
            return 400, {"error": "authorization_pending"}
        return 200, self._give(f"grant{len(self.grants.current)}")

    def _give(self, grant: str, *, rotate: bool = True) -> dict[str, Any]:
        grants = self.grants
        access, refresh = (self.prefix + secrets.token_urlsafe(16) for _ in range(2))
        with grants.lock:
            grants.access[access] = grant
            made = {"access_token": access, "token_type": "Bearer", "expires_in": self.lifetime, "scope": "mail"}
            if rotate:
                grants.current[grant] = refresh
                grants.refresh[refresh] = grant
                made["refresh_token"] = refresh
        return made

    def _device(self, _fields: dict[str, str]) -> Answer:
        code = self.prefix + secrets.token_urlsafe(12)
        self.grants.devices[code] = False
        return 200, {
            "device_code": code,
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.issuer}/go",
            "verification_uri_complete": f"{self.issuer}/go?user_code=WDJB-MJHT",
            "expires_in": 600,
            "interval": 5,
        }

    def _register(self, fields: dict[str, str]) -> Answer:
        assert json.loads(fields["token_endpoint_auth_method"]) == "none"
        assert json.loads(fields["redirect_uris"]) == ["http://127.0.0.1/"]
        name = f"registered-{len(self.grants.clients)}"
        self.grants.clients.add(name)
        return 201, {"client_id": name}

    def _introspect(self, fields: dict[str, str]) -> Answer:
        return 200, {"active": self.grants.is_active(fields.get("token", "")), "username": USER, "email": USER}


@contextmanager
def running_authorization_server(context: ssl.SSLContext | None) -> Iterator[AuthorizationServer]:
    """A server on a free port; without a ``context`` over HTTP, for introspection on this machine."""
    server = AuthorizationServer(context)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()
