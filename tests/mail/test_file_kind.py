"""What a received file is."""

from __future__ import annotations

import pytest

from tuimail.mail.file_kind import best_kind, content_kind, differences, is_program

PDF, PNG, ELF, ZIP = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\x7fELF\x02", b"PK\x03\x04"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "name", "beginning", "kind"),
    [
        ("application/pdf", "a.pdf", PDF, "application/pdf"),
        ("application/octet-stream", "a.pdf", PDF, "application/pdf"),
        ("image/png", "a.png", PDF, "application/pdf"),
        ("text/plain", "a.txt", ELF, "application/x-executable"),
        (DOCX, "a.docx", ZIP, DOCX),
        ("application/octet-stream", "a.docx", ZIP, DOCX),
        ("application/octet-stream", "a.bin", ZIP, "application/zip"),
        ("application/octet-stream", "notes.txt", b"hello", "text/plain"),
        ("application/octet-stream", "odd", b"hello", "application/octet-stream"),
        ("text/x-diff", "a.patch", b"--- a", "text/x-diff"),
        ("image/webp", "a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_content_wins_over_name_and_word(declared: str, name: str, beginning: bytes, kind: str) -> None:
    assert best_kind(declared, name, beginning) == kind


@pytest.mark.parametrize(
    ("declared", "name", "beginning", "said"),
    [
        ("application/pdf", "a.pdf", PDF, ""),
        ("application/octet-stream", "a.pdf", PDF, ""),
        ("image/jpeg", "photo.jpg", PNG, "is image/png"),
        ("application/pdf", "invoice.html", PDF, "named like text/html"),
        ("application/pdf", "invoice.pdf", ELF, "a program"),
        ("application/pdf", "invoice.pdf.exe", b"x", "a program"),
        ("text/plain", "invoice.pdf", b"hello", "named like application/pdf"),
        (DOCX, "a.docx", ZIP, ""),
        ("text/plain", "a", b"hello", ""),
    ],
)
def test_contradictions_are_told(declared: str, name: str, beginning: bytes, said: str) -> None:
    assert differences(declared, name, beginning) == said


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.exe", b""), ("A.EXE", b""), ("a.pdf.scr ", b""), ("a.exe.", b""), ("a.desktop", b""), ("x", b"#!/bin/sh"),
     ("x.png", b"MZ\x90"), ("x", b"\n\n[Desktop Entry]"), ("x.pdf", ELF)],
)  # fmt: skip
def test_programs_are_told_by_name_or_content(name: str, beginning: bytes) -> None:
    assert is_program(name, beginning)


@pytest.mark.parametrize(("name", "beginning"), [("a.pdf", PDF), ("exe", b"x"), ("", b""), ("a.tar.gz", b"\x1f\x8b")])
def test_other_files_are_none(name: str, beginning: bytes) -> None:
    assert not is_program(name, beginning)
    assert content_kind(b"") == ""
