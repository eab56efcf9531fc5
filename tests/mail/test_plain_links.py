"""Links in plain text."""

from __future__ import annotations

import pytest

from tuimail.mail.plain_links import LONGEST, plain_links


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("see https://example.org/a, or http://b.example.", ["https://example.org/a", "http://b.example"]),
        ("(https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("<https://example.org/?q=1>", ["https://example.org/?q=1"]),
        ('"mailto:ada@example.org?subject=Hi"', ["mailto:ada@example.org?subject=Hi"]),
        ("HTTPS://EXAMPLE.ORG/!", ["HTTPS://EXAMPLE.ORG/"]),
        ("https://example.org [3] is numbered", []),
        ("javascript:alert(1) file:///etc/passwd ftp://x http:// http://.", []),
        ("xhttps://example.org a@https://example.org", []),
        ("https://a.example/<U+202E>", ["https://a.example/"]),
        (f"https://{'a' * LONGEST}", []),
        ("no link: none", []),
    ],
)
def test_links_are_found_without_the_sentence_around_them(text: str, targets: list[str]) -> None:
    found = plain_links(text)
    assert [link.target for link in found] == targets
    assert [text[link.start : link.end] for link in found] == targets
