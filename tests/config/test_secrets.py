"""Passwords: of a command, of the keyring, remembered, forgotten; and every way there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keyring.errors import InitError, KeyringError, KeyringLocked

from tests.support.secret_stores import SAFE, secrets_of_a_test, use_keyring
from tuimail.config import keyring_store, secrets
from tuimail.config.model import Auth, Server
from tuimail.config.secrets import forget, remember, secret_for, store_secret
from tuimail.errors import SecretError
from tuimail.events import WaitingForSecret
from tuimail.log import logging_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tuimail.events import Event

SERVER = Server("smtp.example.org", 465, username="ada")
SERVICE = "tuimail:smtp.example.org"


def ignore(event: Event) -> None:
    del event


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


def by_command(*argv: str) -> Server:
    return Server("smtp.example.org", 465, username="ada", password_command=argv)


def python(code: str) -> Server:
    return by_command(sys.executable, "-c", code)


# -- commands


async def test_the_first_line_of_a_command_is_the_password() -> None:
    server = python("print('open sesame '); print('url: x')")
    assert await secret_for(server, "work", announce=ignore) == "open sesame "


async def test_the_wait_for_a_command_is_announced_by_its_name() -> None:
    events: list[Event] = []
    await secret_for(python("print('x')"), "work", announce=events.append)
    name = Path(sys.executable).name
    assert events == [WaitingForSecret("work", name, done=False), WaitingForSecret("work", name, done=True)]


async def test_a_command_is_never_given_to_a_shell(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    word = f"x; touch {witness} $(touch {witness})"
    server = by_command(sys.executable, "-c", "import sys; print(sys.argv[1])", word)
    assert await secret_for(server, "work", announce=ignore) == word
    assert not witness.exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("/nowhere/pass",), "was not found"),
        (("/etc/passwd",), "cannot be run: Permission denied"),
        (
            (sys.executable, "-c", "import sys; sys.exit('gpg: \\x1b]0;x\\x07 no key\\nmore')"),
            "failed with code 1: gpg:",
        ),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"), "ended by signal 15"),
        ((sys.executable, "-c", ""), "printed nothing"),
        ((sys.executable, "-c", "print(); print('late')"), "printed nothing"),
        ((sys.executable, "-c", "print('x' * 200000)"), "too long"),
        ((sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff\\n')"), "not UTF-8"),
    ],
)
async def test_a_command_that_fails_is_told_in_words(argv: tuple[str, ...], words: str) -> None:
    events: list[Event] = []
    with pytest.raises(SecretError, match=words) as told:
        await secret_for(by_command(*argv), "work", announce=events.append)
    assert told.value.hint
    assert str(told.value).isprintable()
    assert events[-1] == WaitingForSecret("work", Path(argv[0]).name, done=True)


async def test_an_error_repeats_neither_output_nor_arguments() -> None:
    server = by_command(sys.executable, "-c", "print('hunter2'); raise SystemExit(1)", "--token=hunter3")
    with pytest.raises(SecretError) as told:
        await secret_for(server, "work", announce=ignore)
    assert "hunter" not in str(told.value) + told.value.hint


async def test_a_command_that_hangs_is_ended_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    # The grandchild holds the FIFO's write end open as long as it lives.
    code = f"import os, signal; fd = os.open({str(fifo)!r}, os.O_WRONLY); os.fork(); signal.pause()"
    monkeypatch.setattr(secrets, "COMMAND_LIMIT", 0.5)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(SecretError, match="no answer within 0"):
            await secret_for(python(code), "work", announce=ignore)
        os.set_blocking(reader, True)
        assert await asyncio.to_thread(os.read, reader, 1) == b""  # end of file: every writer is gone
    finally:
        os.close(reader)


# -- memory


async def test_a_password_is_asked_for_once(tmp_path: Path) -> None:
    witness = tmp_path / "asked"
    server = python(f"open({str(witness)!r}, 'a').write('x'); print('p')")
    answers = await asyncio.gather(*(secret_for(server, "work", announce=ignore) for _ in range(5)))
    assert answers == ["p"] * 5
    await secret_for(server, "work", announce=ignore)
    assert witness.read_text() == "x"
    forget("work")
    await secret_for(server, "work", announce=ignore)
    assert witness.read_text() == "xx"


async def test_forgetting_one_account_keeps_the_others() -> None:
    remember(SERVER, "work", "a")
    remember(SERVER, "home", "b")
    forget("work")
    assert await secret_for(SERVER, "home", announce=ignore) == "b"


async def test_a_server_without_sign_in_needs_no_secret() -> None:
    assert await secret_for(Server("h", 25, auth=Auth.NONE), "work", announce=ignore) == ""


async def test_a_caller_that_gives_up_does_not_end_the_asking_of_another() -> None:
    server = python("import sys; print('p')")
    first = asyncio.ensure_future(secret_for(server, "work", announce=ignore))
    second = asyncio.ensure_future(secret_for(server, "work", announce=ignore))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "p"


def test_a_remembered_secret_does_not_show_itself() -> None:
    remember(SERVER, "work", "hunter2")
    assert "hunter2" not in repr(secrets._known)


async def test_a_secret_is_not_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "log"
    with logging_to(file, level=logging.DEBUG):
        secret = await secret_for(python("print('hunter2')"), "work", announce=ignore)
        logging.getLogger("somebody").warning("signing in with %s", secret)
    assert "hunter2" not in file.read_text()
    caplog.clear()


# -- keyring


def raising(error: BaseException) -> Callable[..., object]:
    def method(*args: object) -> object:
        raise error

    return method


@pytest.mark.parametrize("module", [f"keyring.backends.{name}" for name in keyring_store.SAFE_BACKENDS])
async def test_a_safe_keyring_keeps_and_gives(module: str) -> None:
    backend = use_keyring(module)
    await store_secret(SERVER, "work", "open sesame")
    assert backend.kept == {(SERVICE, "ada"): "open sesame"}
    assert await secret_for(SERVER, "work", announce=ignore) == "open sesame"
    backend.kept.clear()
    forget("work")
    with pytest.raises(SecretError, match="holds no password for ada on smtp") as told:
        await secret_for(SERVER, "work", announce=ignore)
    assert "tuimail account login work" in told.value.hint


async def test_a_safe_keyring_is_found_behind_an_unsafe_one() -> None:
    safe, plain = use_keyring(SAFE), use_keyring("keyrings.alt.file")
    safe.kept[SERVICE, "ada"] = "p"
    chainer = use_keyring("keyring.backends.chainer")
    chainer.backends = [plain, safe]  # type: ignore[attr-defined]
    assert await secret_for(SERVER, "work", announce=ignore) == "p"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("keyrings.alt.file", r"keyrings\.alt\.file.* not known to keep passwords safe"),
        ("keyrings.cryptfile.cryptfile", "not known to keep passwords safe"),
        ("keyring.backends.SecretServiceX", "not known to keep passwords safe"),
        ("somebody.keyring", "not known to keep passwords safe"),
        ("keyring.backends.fail", "There is no keyring"),
        ("keyring.backends.null", "switched off"),
    ],
)
@pytest.mark.parametrize("chained", [False, True])
async def test_an_unsafe_keyring_is_refused_before_it_is_asked(module: str, words: str, chained: bool) -> None:
    asked: list[object] = []
    backend = use_keyring(
        module, get_password=lambda *args: asked.append(args), set_password=lambda *args: asked.append(args)
    )
    if chained:
        chainer = use_keyring("keyring.backends.chainer")
        chainer.backends = [backend]  # type: ignore[attr-defined]
    with pytest.raises(SecretError, match=words) as told:
        await secret_for(SERVER, "work", announce=ignore)
    assert "password_command" in told.value.hint
    with pytest.raises(SecretError, match=words):
        await store_secret(SERVER, "work", "x")
    assert asked == []


async def test_an_empty_chain_is_no_keyring() -> None:
    chainer = use_keyring("keyring.backends.chainer")
    chainer.backends = []  # type: ignore[attr-defined]
    with pytest.raises(SecretError, match="There is no keyring"):
        await secret_for(SERVER, "work", announce=ignore)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyringLocked("x"), "is locked"),
        (InitError("Failed to create the collection: Prompt dismissed"), "is locked"),
        (EOFError(), "is locked"),
        (KeyringError("bus \x1b[31m gone"), r"failed \(KeyringError: bus "),
        (RuntimeError(), r"failed \(RuntimeError\)"),
        (SystemExit(3), r"failed \(SystemExit: 3\)"),
    ],
)
async def test_a_keyring_that_fails_is_told_in_words(error: BaseException, words: str) -> None:
    use_keyring(SAFE, get_password=raising(error))
    with pytest.raises(SecretError, match=words) as told:
        await secret_for(SERVER, "work", announce=ignore)
    assert str(told.value).isprintable()
    assert told.value.hint


async def test_a_keyring_that_never_answers_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    asked: list[threading.Thread] = []

    def hang(*args: object) -> str:
        asked.append(threading.current_thread())
        release.wait()
        return "late"

    use_keyring(SAFE, get_password=hang)
    monkeypatch.setattr(keyring_store, "KEYRING_LIMIT", 0.2)
    events: list[Event] = []
    with pytest.raises(SecretError, match="no answer within 0") as told:
        await secret_for(SERVER, "work", announce=events.append)
    assert "Unlock it" in told.value.hint
    assert events == [WaitingForSecret("work", "keyring", done=False), WaitingForSecret("work", "keyring", done=True)]
    assert asked[0].daemon
    release.set()
    await asyncio.to_thread(asked[0].join)
