"""The encrypted password file: what is kept, who may read it, and what is told when it cannot be opened."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import stat
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.config import password_file, sealed_passwords
from tuimail.config.password_file import PasswordFile
from tuimail.config.sealed_passwords import (
    PasswordKey,
    ScryptParameters,
    derived,
    opened,
    parameters_of,
    sealed,
)
from tuimail.errors import DamagedPasswordsError, SecretError, StorageError, WrongPassphraseError

if TYPE_CHECKING:
    from pathlib import Path

CHEAP = sealed_passwords.LEAST_COST
NAME = ("tuimail:smtp.example.org", "ada")


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        password_file, "new_key", lambda words: derived(words, ScryptParameters(os.urandom(32), CHEAP, 1, 1))
    )


@cache
def a_key(passphrase: str = "open sesame") -> PasswordKey:
    return derived(passphrase, ScryptParameters(b"s" * 32, CHEAP, 1, 1))


def made(tmp_path: Path, passphrase: str = "open sesame") -> PasswordFile:
    file = PasswordFile(tmp_path / "data" / "secrets")
    file.create(passphrase)
    return file


# -- the bytes


@given(st.dictionaries(st.tuples(st.text(), st.text()), st.text(), max_size=4))
def test_what_was_sealed_is_opened(passwords: dict[tuple[str, str], str]) -> None:
    assert opened(sealed(passwords, a_key()), a_key()) == passwords


def test_a_passphrase_is_the_same_in_either_unicode_form() -> None:
    assert derived("caf\u00e9", a_key().parameters) == derived("cafe\u0301", a_key().parameters)


def test_new_keys_cost_enough_and_have_salts_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    seen: list[ScryptParameters] = []
    monkeypatch.setattr(sealed_passwords, "derived", lambda _words, parameters: seen.append(parameters))
    sealed_passwords.new_key("x")
    sealed_passwords.new_key("x")
    assert seen[0].salt != seen[1].salt
    assert all(each.n * each.r * each.p >= 1 << 20 and len(each.salt) == 32 for each in seen)


def test_neither_passwords_nor_names_nor_lengths_are_in_the_file() -> None:
    short = sealed({NAME: "hunter2"}, a_key())
    for word in (b"hunter2", base64.b64encode(b"hunter2")[:8], b"smtp.example", b"ada"):
        assert word not in short
    assert len(short) == len(sealed({NAME: "hunter2" * 20}, a_key()))


def test_the_same_content_is_never_sealed_the_same_way() -> None:
    first, second = (json.loads(sealed({NAME: "p"}, a_key())) for _ in range(2))
    assert first["nonce"] != second["nonce"]
    assert first["data"] != second["data"]


def test_a_key_does_not_show_itself() -> None:
    assert repr(a_key().secret)[2:10] not in repr(a_key())


def test_another_passphrase_is_told_from_damage() -> None:
    raw = sealed({NAME: "p"}, a_key())
    with pytest.raises(WrongPassphraseError):
        opened(raw, a_key("close sesame"))


@pytest.mark.parametrize("at", range(0, 1900, 61))
def test_a_changed_byte_is_damage_and_never_a_wrong_passphrase(at: int) -> None:
    raw = bytearray(sealed({NAME: "p"}, a_key()).rstrip())
    at = at % len(raw)
    raw[at] ^= 0x01
    with pytest.raises(DamagedPasswordsError):
        opened(bytes(raw), a_key())


@pytest.mark.parametrize("part", ["data", "nonce", "check"])
def test_who_mends_the_sum_does_not_deceive_the_seal(part: str) -> None:
    document = json.loads(sealed({NAME: "p"}, a_key()))
    del document["sum"]
    raw = bytearray(base64.b64decode(document[part])) if part != "check" else None
    document[part] = base64.b64encode(bytes([raw[0] ^ 1]) + bytes(raw[1:])).decode() if raw else "0" * 64
    forged = json.dumps({**document, "sum": sealed_passwords._sum(document)}).encode()
    with pytest.raises(WrongPassphraseError if part == "check" else DamagedPasswordsError):
        opened(forged, a_key())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n": 2}, "too weak, or takes too long"),
        ({"n": (1 << 14) + 1}, "too weak, or takes too long"),
        ({"n": 1 << 40}, "too weak, or takes too long"),
        ({"n": 1 << 20, "r": 32}, "too weak, or takes too long"),
        ({"p": 10**9}, "too weak, or takes too long"),
        ({"n": True}, "too weak, or takes too long"),
        ({"salt": "YQ=="}, "too weak, or takes too long"),
        ({"salt": "??"}, "salt cannot be read"),
        ({"format": "x"}, "no password file"),
        ({"version": 2}, "newer tuimail"),
    ],
)
def test_a_file_made_by_somebody_else_is_refused_before_a_key_is_derived(
    changes: dict[str, object], words: str
) -> None:
    document = {**json.loads(sealed({}, a_key())), **changes}
    del document["sum"]
    forged = json.dumps({**document, "sum": sealed_passwords._sum(document)}).encode()
    with pytest.raises(DamagedPasswordsError, match=words) as told:
        parameters_of(forged)
    assert told.value.hint


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b"1" * 10_000, b" " * 2_000_000])
def test_rubbish_is_damage(raw: bytes) -> None:
    with pytest.raises(DamagedPasswordsError):
        parameters_of(raw)


# -- the file


def test_it_keeps_and_gives_and_removes(tmp_path: Path) -> None:
    file = made(tmp_path)
    assert file.get(*NAME) is None
    file.put(*NAME, "hunter2")
    file.put("tuimail:other", "ada", "hunter3")
    again = PasswordFile(file.file)
    assert again.is_locked()
    again.unlock("open sesame")
    assert not again.is_locked()
    assert again.get(*NAME) == "hunter2"
    assert again.remove(*NAME)
    assert not again.remove(*NAME)
    assert (file.get(*NAME), file.get("tuimail:other", "ada")) == (None, "hunter3")


def test_it_is_private(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.put(*NAME, "hunter2")
    for each in file.file.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    assert {each.name for each in file.file.parent.iterdir()} == {"secrets", "secrets.lock"}


def test_it_is_not_read_through_a_link(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.file.rename(tmp_path / "elsewhere")
    file.file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SecretError, match="cannot be read"):
        file.get(*NAME)


def test_a_locked_one_gives_nothing_and_takes_nothing(tmp_path: Path) -> None:
    file = PasswordFile(made(tmp_path).file)
    before = file.file.read_bytes()
    with pytest.raises(WrongPassphraseError):
        file.get(*NAME)
    with pytest.raises(WrongPassphraseError):
        file.put(*NAME, "x")
    with pytest.raises(WrongPassphraseError):
        file.change_passphrase("x")
    with pytest.raises(WrongPassphraseError):
        file.unlock("sesame")
    assert file.is_locked()
    assert file.file.read_bytes() == before


def test_a_new_passphrase_closes_it_to_who_has_the_old_one(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.put(*NAME, "hunter2")
    other = PasswordFile(file.file)
    other.unlock("open sesame")
    file.change_passphrase("other words")
    assert file.get(*NAME) == "hunter2"
    assert other.is_locked()
    with pytest.raises(WrongPassphraseError):
        other.unlock("open sesame")
    other.unlock("other words")
    assert other.get(*NAME) == "hunter2"


def test_a_second_file_is_not_made_over_the_first(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.put(*NAME, "hunter2")
    with pytest.raises(SecretError, match="by now"):
        PasswordFile(file.file).create("x")
    assert file.get(*NAME) == "hunter2"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path)
    file.put(*NAME, "hunter2")

    def refuse(_path: object, _data: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(password_file, "write_durably", refuse)
    with pytest.raises(StorageError):
        file.put(*NAME, "x")
    with pytest.raises(StorageError):
        file.change_passphrase("x")
    assert file.get(*NAME) == "hunter2"


def test_who_waits_too_long_for_another_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path)
    monkeypatch.setattr(password_file, "PATIENCE", 0.0)
    with file._alone(), pytest.raises(SecretError, match="Another tuimail"):
        file.put(*NAME, "x")


def _store(path: Path, number: int) -> None:
    file = PasswordFile(path)
    file.unlock("open sesame")
    file.put(f"service {number}", "ada", str(number))


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    file = made(tmp_path)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_store, args=(file.file, number)) for number in range(3)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    assert [file.get(f"service {number}", "ada") for number in range(3)] == ["0", "1", "2"]
