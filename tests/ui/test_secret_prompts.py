"""Passwords that are waited for while the screen is in use: keyrings in trouble, and a passphrase typed."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keyring.errors import KeyringLocked
from textual.worker import WorkerFailed

from tests.engine.imap_program import deliver, other_client, settings
from tests.engine.mail_support import Changes
from tests.support.secret_stores import SAFE, secrets_of_a_test, use_keyring
from tests.ui.reading import INBOX
from tests.ui.real_engine import SceneEngine
from tests.ui.screen_text import text
from tuimail.config import secrets
from tuimail.config.model import SecretSettings, SecretStore, Security, Server
from tuimail.log import logging_to, register_secret
from tuimail.scrubber import _forms
from tuimail.ui.app import TuimailApp
from tuimail.ui.requests import ShowAccounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Config
    from tuimail.paths import Paths

NOWHERE = Server("127.0.0.1", 1, username="ada")
PASSPHRASE = "canary6b"
ASKED = "Passphrase of the password file"


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Bounded by the test's time limit only."""
    while not condition():
        await pilot.pause()
        await asyncio.sleep(0.005)


async def seen(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: words in text(pilot.app))


async def is_alive(pilot: Pilot[int]) -> None:
    """The screen opens others, and goes back."""
    await pilot.press("?")
    await seen(pilot, "HELP")
    await pilot.press("escape" if "Exit Help" not in text(pilot.app) else "e")
    await until(pilot, lambda: "HELP" not in text(pilot.app).split("\n")[0])


def raising(error: BaseException) -> Callable[..., object]:
    def method(*_args: object) -> object:
        raise error

    return method


@pytest.mark.parametrize(
    ("module", "error", "words"),
    [
        ("keyring.backends.fail", None, "There is no keyring"),
        ("keyrings.alt.file", None, "not known to keep passwords safe"),
        (SAFE, KeyringLocked("x"), "The keyring is locked"),
        (SAFE, RuntimeError("bus gone"), "The keyring failed"),
    ],
)
async def test_a_keyring_in_trouble_is_told_and_the_screen_goes_on(
    paths: Paths, module: str, error: BaseException | None, words: str
) -> None:
    use_keyring(module, **({} if error is None else {"get_password": raising(error)}))
    engine = SceneEngine(paths, settings=settings(NOWHERE))
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await until(pilot, lambda: words in str(engine.mail.offline("work")))
            await is_alive(pilot)
    finally:
        await engine.stop()


async def test_a_keyring_that_does_not_answer_holds_up_neither_the_screen_nor_its_end(paths: Paths) -> None:
    asked, release = threading.Event(), threading.Event()

    def hang(*_args: object) -> None:
        asked.set()
        release.wait()

    use_keyring(get_password=hang)
    engine = SceneEngine(paths, settings=settings(NOWHERE))
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await until(pilot, asked.is_set)
            await is_alive(pilot)
        await engine.stop()
        assert not release.is_set()
    finally:
        release.set()


# -- the passphrase


@pytest.fixture
def server(dovecot: Dovecot) -> Server:
    return Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)


def with_file(paths: Paths, server: Server, password: str) -> Config:
    """The password of ``server`` is in the file, and the process starts anew."""
    wanted = SecretSettings(SecretStore.FILE)
    secrets.configure(wanted, paths.secrets_file)
    file = secrets.stores().file
    file.create(PASSPHRASE)
    file.put(f"tuimail:{server.host}", server.username, password)
    secrets._stores = None
    return replace(settings(server), secrets=wanted)


def forms(secret: str) -> set[bytes]:
    """As it may be written somewhere."""
    return {each.encode() for each in _forms(secret)} | {base64.b64encode(secret.encode())}


def found_in(files: Path, secret: str) -> list[str]:
    return [
        str(file)
        for file in sorted(files.rglob("*"))
        if file.is_file() and any(form in file.read_bytes() for form in forms(secret))
    ]


async def test_the_passphrase_is_typed_on_the_screen_and_is_nowhere_afterwards(
    dovecot: Dovecot, server: Server, paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    with other_client(dovecot, server) as client:
        deliver(client, 0)
    made = with_file(paths, server, dovecot.password)
    engine = SceneEngine(paths, settings=made)
    shown: list[str] = []
    app = TuimailApp(engine)
    try:
        with logging_to(paths.log_file, level=logging.DEBUG):
            async with app.run_test(size=(100, 24)) as pilot:

                async def see(words: str) -> None:
                    await seen(pilot, words)
                    shown.extend((text(app), app.export_screenshot()))

                await see(ASKED)
                await pilot.press("x", "enter")
                await see(f"Wrong. {ASKED}")
                await pilot.press(*PASSPHRASE)
                shown.append(text(app))
                await pilot.press("enter")
                await Changes(engine).until(lambda it: it.count == 1, INBOX)
                assert ASKED not in text(app)
                logging.getLogger("somebody").debug("%s %s", PASSPHRASE, dovecot.password)
                try:
                    raise ValueError(PASSPHRASE + dovecot.password)
                except ValueError:
                    logging.getLogger("somebody").exception("failed")
                shown.append(text(app))
        shown.append("\n".join(str(each) for each in gathered(engine, app)))
    finally:
        await engine.stop()
    caplog.clear()
    assert paths.log_file.stat().st_size > 0
    for secret in (PASSPHRASE, dovecot.password):
        assert found_in(paths.data.parent, secret) == []
        assert [screen for screen in shown if any(form.decode() in screen for form in forms(secret))] == []


def gathered(engine: SceneEngine, app: TuimailApp) -> list[Any]:
    """What a traceback with local variables would show of the objects that know it."""
    return [vars(engine), vars(app.secret_prompts), vars(secrets.stores()), vars(secrets.stores().file), secrets._known]


async def test_who_will_not_say_it_is_not_asked_again(dovecot: Dovecot, server: Server, paths: Paths) -> None:
    engine = SceneEngine(paths, settings=with_file(paths, server, dovecot.password))
    app = TuimailApp(engine)
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await seen(pilot, ASKED)
            await pilot.press("ctrl+c")
            await until(pilot, lambda: "was not given" in str(engine.mail.offline("work")))
            await engine.mail.look()
            assert ASKED not in text(app)
            await is_alive(pilot)
            app.navigation.open(ShowAccounts())
            await seen(pilot, "Check")
            await pilot.press("k")
            await seen(pilot, ASKED)
            await pilot.press(*PASSPHRASE, "enter")
            await until(pilot, lambda: not engine.mail.offline("work"))
    finally:
        await engine.stop()


async def test_a_letter_being_written_keeps_the_keys(dovecot: Dovecot, server: Server, paths: Paths) -> None:
    engine = SceneEngine(paths, settings=with_file(paths, server, dovecot.password))
    app = TuimailApp(engine)
    asked = secrets.questions
    app.secret_prompts._top = lambda: None  # nothing is asked before the composer is open
    try:
        async with app.run_test(size=(100, 24)) as pilot:
            await until(pilot, lambda: asked._open)
            await pilot.press("c")
            await seen(pilot, "COMPOSE")
            app.secret_prompts._top = lambda: app.frames.top
            await seen(pilot, f"{ASKED}: you are asked for it when you leave this screen.")
            await pilot.press(*"kim@example.net")
            await seen(pilot, "kim@example.net")
            await pilot.press("ctrl+o")
            await seen(pilot, ASKED)
    finally:
        await engine.stop()


async def test_the_report_of_a_crash_shows_no_local_variable_and_no_secret(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    async def crash() -> None:
        typed = "a letter \x1b[31m"
        register_secret(PASSPHRASE)
        raise ValueError(f"no {PASSPHRASE} {len(typed)}")

    engine = SceneEngine(paths)
    app = TuimailApp(engine)

    async def run() -> None:
        async with app.run_test(size=(100, 24)) as pilot:
            app.run_worker(crash())
            await until(pilot, lambda: not app.is_running)

    try:
        with pytest.raises(WorkerFailed):
            await run()
        app._print_error_renderables()
    finally:
        await engine.stop()
    said = capsys.readouterr().err
    assert "ValueError: no **** 14" in said
    assert "a letter" not in said
