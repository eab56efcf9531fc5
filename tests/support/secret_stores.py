"""Keyrings, answers and cheap keys for tests of passwords; the state of the process is put back afterwards."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import keyring
from keyring.backend import KeyringBackend

from tuimail import log
from tuimail.config import password_file, sealed_passwords, secrets
from tuimail.config.model import SecretSettings
from tuimail.config.sealed_passwords import PasswordKey, ScryptParameters, derived
from tuimail.config.secret_questions import Questions
from tuimail.scrubber import Scrubber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tuimail.config.secret_questions import Question

SAFE = "keyring.backends.SecretService"
CHEAP = sealed_passwords.LEAST_COST


class MemoryKeyring(KeyringBackend):
    """A keyring in memory."""

    priority = 0.1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def use_keyring(module: str = SAFE, **methods: Callable[..., object]) -> MemoryKeyring:
    """Make the process use a keyring that looks as if it came from ``module``."""
    backend = type("Keyring", (MemoryKeyring,), {"__module__": module, **methods})()
    keyring.set_keyring(backend)
    assert isinstance(backend, MemoryKeyring)
    return backend


class Answers:
    """Answers questions as a person would, with ``texts`` in order; without one left it leaves them open."""

    def __init__(self, *texts: str | None) -> None:
        self.texts = list(texts)
        self.asked: list[str] = []
        self.open: list[Question] = []
        self.came = threading.Event()
        """A question was left open."""

    def __call__(self, question: Question) -> None:
        self.asked.append(f"{question.wrong}|{question.words}" if question.wrong else question.words)
        if self.texts:
            question.answer(self.texts.pop(0))
        else:
            self.open.append(question)
            self.came.set()


@contextmanager
def secrets_of_a_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is known, stored, or open; keys are derived as cheaply as a file may ask for."""

    def cheap(passphrase: str) -> PasswordKey:
        return derived(passphrase, ScryptParameters(os.urandom(32), CHEAP, 1, 1))

    before = keyring.get_keyring()
    monkeypatch.setattr(password_file, "new_key", cheap)
    monkeypatch.setattr(log, "_secrets", Scrubber())
    monkeypatch.setattr(secrets, "questions", Questions())
    monkeypatch.setattr(secrets, "_known", {})
    monkeypatch.setattr(secrets, "_flights", {})
    monkeypatch.setattr(secrets, "_settings", SecretSettings())
    monkeypatch.setattr(secrets, "_file", None)
    monkeypatch.setattr(secrets, "_stores", None)
    try:
        yield
    finally:
        for question in getattr(secrets.questions.asker, "open", ()):
            question.answer(None)
        keyring.set_keyring(before)
