"""The text of a program or of a file arrives as it is: every blank, control character and line end."""

from __future__ import annotations

import email
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuimail.compose.build import build
from tuimail.compose.draft import Draft
from tuimail.compose.draft_file import decode, encode
from tuimail.compose.revise import draft_from_letter
from tuimail.compose.text_file import decoded, plain_lines, verbatim_lines
from tuimail.config.model import Identity
from tuimail.errors import MessageError
from tuimail.mail.content import InMemory, whole

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"
ADA = Identity("ada@example.org", "Ada")
PATCH = (DATA / "c03-patch.txt").read_text()


def wire(body: str) -> bytes:
    draft = Draft(to="bob@example.net", subject="Build with warnings", body=body, verbatim=True)
    return whole(build(draft, ADA, "work", now=0.0).content)


def arrived(content: bytes) -> str:
    message = email.message_from_bytes(content)
    assert message["Content-Type"] in ("text/plain; charset=us-ascii", "text/plain; charset=utf-8")
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n").removesuffix("\n")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))


@given(TEXTS)
@example("a \n b\t\n \n\n")
@example("From me\n.\n..\n>From you\n-- \nx")
@example("=20=\n" + "x" * 1200 + " \n" + "é" * 70)
@example("\x1b[31mred\x1b[0m\f\b\a\x7f\x9b")
@example("x" * 70 + " From here on a line is broken")
@example("")
def test_what_a_program_says_arrives_as_it_is(body: str) -> None:
    content = wire(body)
    assert arrived(content) == body
    lines = content.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert not any(line.endswith((b" ", b"\t")) or line.startswith(b"From ") for line in lines[lines.index(b"") :])
    assert content.replace(b"\r\n", b"").isascii()
    assert b"\r" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("plain\n  indented > text\n\tx", "7bit"),
        ("blank at the end ", "quoted-printable"),
        ("From the start", "quoted-printable"),
        ("x" * 998, "7bit"),
        ("x" * 999, "quoted-printable"),
        ("a\rb", "quoted-printable"),
        ("\x0c", "quoted-printable"),
    ],
)
def test_it_is_encoded_only_where_it_must_be(body: str, encoding: str) -> None:
    content = wire(body)
    assert email.message_from_bytes(content)["Content-Transfer-Encoding"] == encoding
    if "\r" not in body:
        assert arrived(content) == body


@pytest.mark.parametrize("char", ["\0", "\ud800"])
def test_what_no_text_holds_is_refused_with_its_line(char: str) -> None:
    with pytest.raises(MessageError, match="Line 2 of the text"):
        wire(f"a\n{char}")


@given(TEXTS.filter(lambda text: all(char in "\t\n" or char.isprintable() or char > "\xa0" for char in text)))
def test_edited_again_it_is_the_same_letter(body: str) -> None:
    content = wire(body)
    draft = draft_from_letter(InMemory(content), (), Path("/none"), account="", identity="", draft_id="d")
    assert (draft.body, draft.verbatim) == (body, True)
    assert wire(draft.body).partition(b"MIME-Version")[2] == content.partition(b"MIME-Version")[2]


def test_a_letter_written_in_the_composer_flows_when_it_is_edited_again() -> None:
    content = whole(build(Draft(to="a@b.example", body="x"), ADA, "work", now=0.0).content)
    assert b"format=flowed" in content
    draft = draft_from_letter(InMemory(content), (), Path("/none"), account="", identity="", draft_id="d")
    assert not draft.verbatim


def test_a_draft_on_disk_says_that_it_is_verbatim() -> None:
    draft = Draft(body="a ", verbatim=True)
    assert decode(encode(draft)) == draft
    assert not decode(encode(draft).replace(b' "verbatim": true,\n', b"")).verbatim


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """A repository with the file that the patch is for, and git in it."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    names = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@b.example", "GIT_COMMITTER_NAME": "Ada"}
    environment |= names | {"GIT_COMMITTER_EMAIL": "a@b.example"}

    def run(*argv: str, given: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *argv], cwd=tmp_path, env=environment, input=given, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    run("init", "-q", ".")
    (tmp_path / "Makefile").write_bytes(b"all:\n\n\tcc -o x x.c   \n")
    run("add", ".")
    run("commit", "-q", "-m", "A start")
    return run


def test_git_takes_the_patch_out_of_the_letter(git: Callable[..., str], tmp_path: Path) -> None:
    # As it lies in a mailbox, whose lines end in LF.
    git("mailinfo", "message", "patch", given=wire(PATCH.removesuffix("\n")).replace(b"\r\n", b"\n"))
    assert (tmp_path / "patch").read_text() == PATCH
    # The head of its hunk counts a line too many for git to apply it.
    sound = PATCH.replace("@@ -1,4 +1,4 @@", "@@ -1,3 +1,3 @@")
    (tmp_path / "letter").write_bytes(wire(sound.removesuffix("\n")))
    git("am", "-q", str(tmp_path / "letter"))
    assert (tmp_path / "Makefile").read_text().splitlines()[2].endswith("-o program x.c y.c z.c ")
    assert git("log", "-1", "--format=%s") == "Build with warnings\n"


def test_git_applies_a_patch_of_a_file_from_windows(git: Callable[..., str], tmp_path: Path) -> None:
    lines = b"one\r\nFrom two \r\n" + "drei\u00fc".encode() + b"\t\r\n"
    (tmp_path / "dos.txt").write_bytes(b"one\r\n")
    git("add", ".")
    git("commit", "-q", "-m", "DOS")
    (tmp_path / "dos.txt").write_bytes(lines)
    git("commit", "-q", "-a", "-m", "More")
    patch = git("format-patch", "--stdout", "--no-signature", "-1").encode().partition(b"\n\n")[2]
    git("reset", "-q", "--hard", "HEAD~1")
    (tmp_path / "letter").write_bytes(wire(verbatim_lines(decoded(patch)).removesuffix("\n")))
    git("am", "-q", "--quoted-cr=nowarn", str(tmp_path / "letter"))
    assert (tmp_path / "dos.txt").read_bytes() == lines


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x93quoted\x94 \x96 \x80 5, caf\xe9\n", "“quoted” – € 5, café\n"),
        ("grüße".encode(), "grüße"),
        ("grüße".encode("latin-1"), "grüße"),
        ("grüße\n".encode() + "straße".encode("latin-1"), "grüße\nstraße"),
        ("€".encode("utf-8-sig"), "€"),
        ("€\n".encode("utf-16"), "€\n"),
        (b"\xfe\xff" + "€".encode("utf-16-be"), "€"),
        (b"\x81", "\ufffd"),
        (b"", ""),
    ],
)
def test_a_text_is_read_by_one_rule(raw: bytes, text: str) -> None:
    assert decoded(raw) == text


def test_the_example_of_a_text_in_windows_1252() -> None:
    assert decoded((DATA / "c34-windows-1252.txt").read_bytes()) == "“quoted” – € 5, café\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb\r", "a\nb\n"),
        ("10%\r20%\rdone\n", "10%\r20%\rdone\n"),
        ("a\r\nb\n", "a\r\nb\n"),
        ("a\rb\r\n", "a\rb\n"),
        ("a\n", "a\n"),
    ],
)
def test_only_line_ends_are_made_one_kind(text: str, lines: str) -> None:
    assert verbatim_lines(text) == lines
    assert "\r" not in plain_lines(text)


def test_a_letter_that_follows_is_built_as_ever() -> None:
    draft = Draft(to="a@b.example", body="a \n", verbatim=True)
    build(draft, ADA, "work", now=0.0)
    assert b"format=flowed" in whole(build(replace(draft, verbatim=False), ADA, "work", now=0.0).content)
