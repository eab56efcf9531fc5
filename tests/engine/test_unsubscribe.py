"""Leaving a list by one POST."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tuimail.engine.unsubscribe import BODY, UnsubscribeError, one_click
from tuimail.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.certificates import Authority, ServerCertificate


class ListServer(HTTPServer):
    """Answers every POST the same."""

    status = 200
    asked: list[tuple[str, bytes, dict[str, str]]]


class Answers(BaseHTTPRequestHandler):
    server: ListServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, body, dict(self.headers.items())))
        self.send_response(self.server.status)
        self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(certificate: ServerCertificate) -> Iterator[ListServer]:
    """An https server on this machine."""
    made = ListServer(("127.0.0.1", 0), Answers)
    made.asked = []
    made.socket = certificate.context().wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_one_post_without_cookies(server: ListServer, authority: Authority) -> None:
    context = tls_context(authority.ca_file)
    said = one_click(f"https://localhost:{server.server_port}/leave?id=1%2F2", context=context)
    assert "localhost" in said
    ((path, body, headers),) = server.asked
    assert (path, body) == ("/leave?id=1%2F2", BODY)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert {"Cookie", "User-Agent", "Referer"} & set(headers) == set()


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_is_told_and_not_followed(server: ListServer, authority: Authority, status: int) -> None:
    server.status = status
    with pytest.raises(UnsubscribeError, match=str(status)):
        one_click(f"https://localhost:{server.server_port}/", context=tls_context(authority.ca_file))
    assert len(server.asked) == 1


def test_a_certificate_nobody_vouches_for_is_refused(server: ListServer) -> None:
    with pytest.raises(UnsubscribeError):
        one_click(f"https://localhost:{server.server_port}/")
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://localhost/", "https://", "https:///x", "https://[", "https://a b/", "https://h:99999/", "mailto:a@b"],
)
def test_links_that_are_none_are_not_asked(url: str) -> None:
    with pytest.raises(UnsubscribeError):
        one_click(url)
