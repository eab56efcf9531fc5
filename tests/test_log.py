"""The log holds nothing that is not ours to write down."""

from __future__ import annotations

import base64
import logging
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail import log
from tuimail.log import logging_to, redact, register_secret
from tuimail.scrubber import HIDDEN, Scrubber

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "correct horse/battery+staple"


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is a secret of that test only."""
    monkeypatch.setattr(log, "_secrets", Scrubber())


@pytest.fixture
def canary() -> str:
    register_secret(CANARY)
    return CANARY


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_a_secret_inside_base64_is_found_wherever_it_stands(before: bytes, after: bytes) -> None:
    register_secret(CANARY)
    coded = base64.b64encode(before + CANARY.encode() + after).decode()
    assert len(redact(coded).replace(HIDDEN, "")) <= (len(before) + len(after)) * 8 // 6 + 6
    assert redact(coded) != coded


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("AUTH PLAIN AGFkYQBodW50ZXIy", "AGFk"),
        ("C: a1 AUTHENTICATE XOAUTH2 dXNlcj1hZGE=", "dXNl"),
        ("auth login cGFzcw==", "cGFz"),
        ("a1 LOGIN ada hunter2", "hunter2"),
        ("Authorization: Bearer ya29.token", "ya29"),
        ("password=hunter2", "hunter2"),
    ],
)
def test_a_sign_in_is_hidden_even_with_an_unknown_secret(line: str, hidden: str) -> None:
    assert hidden not in redact(line)
    assert HIDDEN in redact(line)


def test_a_short_secret_is_hidden_as_a_word_and_leaves_the_rest_readable() -> None:
    register_secret("at")
    assert redact("state at: at") == f"state {HIDDEN}: {HIDDEN}"


def test_addresses_are_not_logged() -> None:
    assert redact("250 ok for <kim@grants.example>, Ada ada@example.org.") == "250 ok for <<address>>, Ada <address>"


def test_a_traceback_is_redacted_too(tmp_path: Path, canary: str) -> None:
    file = tmp_path / "state" / "tuimail.log"
    with logging_to(file):
        try:
            raise ValueError(f"bad {canary} for kim@grants.example")
        except ValueError:
            logging.getLogger("x").exception("it failed")
    text = file.read_text()
    assert "Traceback" in text
    assert "horse" not in text
    assert "grants" not in text


def test_the_log_is_private_and_made_only_when_needed(tmp_path: Path) -> None:
    file = tmp_path / "state" / "tuimail.log"
    with logging_to(file):
        logging.getLogger("x").info("too quiet")
        assert not file.parent.exists()
        logging.getLogger("x").warning("loud")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_full_log_is_rotated_once(tmp_path: Path) -> None:
    file = tmp_path / "tuimail.log"
    with logging_to(file, limit=200):
        for number in range(50):
            logging.getLogger("x").warning("entry %d", number)
    assert {path.name for path in tmp_path.iterdir()} <= {"tuimail.log", "tuimail.log.1"}
    assert any("entry 49" in path.read_text() for path in tmp_path.iterdir())
    assert all(path.stat().st_size < 400 for path in tmp_path.iterdir())


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "tuimail.log").symlink_to(tmp_path / "elsewhere")
    with logging_to(tmp_path / "tuimail.log"):
        logging.getLogger("x").warning("loud")
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_reaches_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with logging_to(blocked / "below" / "tuimail.log"):
        logging.getLogger("x").error("cannot be written")
    assert capfd.readouterr() == ("", "")
