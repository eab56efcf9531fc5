"""The send dialog says everything that is wrong or odd, at once."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from tests.compose.strategies import drafts
from tuimail.compose.attachment import attach
from tuimail.compose.draft import Attachment, Draft
from tuimail.compose.review import ReviewFinding, review, speaks_of_attachment
from tuimail.config.model import Account, Identity, SubmissionCommand

if TYPE_CHECKING:
    from pathlib import Path

WORK = Account(
    "work",
    (Identity("ada@example.org", "Ada Lovelace"), Identity("countess@example.org")),
    SubmissionCommand(("/usr/sbin/sendmail", "-oi")),
)
FINE = Draft(to="Bob <bob@example.net>", subject="Hello", body="Hi Bob")


def found(draft: Draft) -> list[tuple[str, bool]]:
    return [(finding.field, finding.fatal) for finding in review(draft, WORK).findings]


def test_a_fine_letter_raises_no_finding() -> None:
    result = review(FINE, WORK)
    assert result.findings == ()
    assert not result.fatal
    assert result.sender == "Ada Lovelace <ada@example.org>"
    assert (result.account, result.via) == ("work", "/usr/sbin/sendmail")
    assert result.to == ("Bob <bob@example.net>",)


@pytest.mark.parametrize(
    ("draft", "findings"),
    [
        (replace(FINE, to="bob"), [("to", True)]),
        (replace(FINE, to="bob", cc="a@@b", reply_to="x"), [("to", True), ("cc", True), ("reply-to", True)]),
        (replace(FINE, to=""), [("to", True)]),
        (replace(FINE, to="", bcc="a@b"), []),
        (replace(FINE, subject=" "), [("subject", False)]),
        (replace(FINE, subject="a\nBcc: x@y"), [("subject", True)]),
        (replace(FINE, body=" \n"), [("body", False)]),
        (replace(FINE, body="a\x1bb"), [("body", True)]),
        (replace(FINE, body="See the attached file."), [("attachment", False)]),
        (replace(FINE, headers=(("Bcc", "x@y"),)), [("bcc", True)]),
        (replace(FINE, headers=(("X-A", "x\0"),)), [("x-a", True)]),
        (replace(FINE, in_reply_to="<a\n@b>"), [("in-reply-to", True)]),
        (replace(FINE, identity="Countess@Example.org"), []),
        (replace(FINE, identity="eve@evil.example"), [("from", False)]),
        (replace(FINE, identity="eve"), [("from", True), ("from", False)]),
        (replace(FINE, cc="bob@EXAMPLE.net"), [("cc", False)]),
        (replace(FINE, to=", ".join(f"u{n}@b" for n in range(21))), [("to", False)]),
        (replace(FINE, bcc=", ".join(f"u{n}@b" for n in range(21))), []),
        (replace(FINE, attachments=(Attachment("/none/such", "x", "a/b", 1),)), [("attachment", True)]),
    ],
)
def test_findings(draft: Draft, findings: list[tuple[str, bool]]) -> None:
    assert found(draft) == findings


def test_files_are_looked_at_but_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.iso").open("wb") as file:
        os.truncate(file.fileno(), 30_000_000)
    result = review(replace(FINE, attachments=(attach(tmp_path / "big.iso"),)), WORK)
    assert result.attachments == ("big.iso (30 MB)",)
    assert result.size > 40_000_000
    assert result.findings == (
        ReviewFinding("attachment", "The letter is about 41 MB; many servers refuse that much."),
    )


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(drafts())
def test_what_can_be_frozen_has_no_fatal_finding(drawn: tuple[Draft, dict[Attachment, bytes]]) -> None:
    result = review(drawn[0], WORK, check=lambda _each: None)
    assert not result.fatal
    assert "\x1b" not in repr(result)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("I have attached it", "attached"),
        ("Attachment follows", "Attachment"),
        ("find enclosed", "enclosed"),
        ("anbei die Rechnung", "anbei"),
        ("siehe Anhang", "Anhang"),
        ("en pièce jointe", "pièce jointe"),
        ("Adjunto el informe", "Adjunto"),
        ("in allegato", "allegato"),
        ("zie bijlage", "bijlage"),
        ("详见附件", "附件"),
        ("I am unattached, Anhanga", ""),
        ("> attached\n>> Anhang", ""),
        ("bye\n-- \nattachment-free since 1999", ""),
        ("nothing here", ""),
    ],
)
def test_forgotten_attachments(body: str, word: str) -> None:
    assert speaks_of_attachment(body) == word
