"""Where passwords are kept: which store is used, moved between stores, and the passphrase asked for once."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.secret_stores import SAFE, Answers, secrets_of_a_test, use_keyring
from tuimail.config import keyring_store, secret_questions, secrets
from tuimail.config.model import SecretSettings, SecretStore, Server
from tuimail.config.secrets import remove_secret, secret_for, store_secret
from tuimail.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuimail.events import Event
    from tuimail.paths import Paths

SERVER = Server("smtp.example.org", 465, username="ada")
SERVICE = "tuimail:smtp.example.org"
PASSPHRASE = "correct horse"
ASKED = "Passphrase of the password file"
NEW, AGAIN = "New passphrase of the password file", "The new passphrase again"


def ignore(event: Event) -> None:
    del event


@pytest.fixture(autouse=True)
def own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with secrets_of_a_test(monkeypatch):
        yield


def configure(paths: Paths, store: SecretStore = SecretStore.AUTO, **more: object) -> None:
    """As a process does that starts: nothing is unlocked."""
    secrets._known.clear()
    secrets._stores = None
    secrets.configure(SecretSettings(store, **more), paths.secrets_file)  # type: ignore[arg-type]


def answer(*texts: str | None) -> Answers:
    answers = Answers(*texts)
    secrets.questions.asker = answers
    return answers


async def password() -> str:
    return await secret_for(SERVER, "work", announce=ignore)


async def with_file(paths: Paths, value: str = "hunter2") -> None:
    """A password in the file, and a process that starts afterwards."""
    configure(paths, SecretStore.FILE)
    answer(PASSPHRASE, PASSPHRASE)
    await store_secret(SERVER, "work", value)
    configure(paths)


# -- which store


async def test_a_usable_keyring_comes_first(paths: Paths) -> None:
    backend = use_keyring()
    configure(paths)
    report = await store_secret(SERVER, "work", "hunter2")
    assert (report.stored, report.removed, report.troubles) == (SecretStore.KEYRING, [], [])
    assert backend.kept == {(SERVICE, "ada"): "hunter2"}
    assert not paths.secrets_file.exists()
    assert await password() == "hunter2"


@pytest.mark.parametrize("module", ["keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file"])
async def test_without_one_the_file_is_used(paths: Paths, module: str) -> None:
    backend = use_keyring(module)
    configure(paths)
    answers = answer(PASSPHRASE, PASSPHRASE)
    assert (await store_secret(SERVER, "work", "hunter2")).stored is SecretStore.FILE
    assert answers.asked == [NEW, AGAIN]
    assert backend.kept == {}
    configure(paths)
    answers = answer(PASSPHRASE)
    assert await password() == "hunter2"
    assert answers.asked == [ASKED]


async def test_without_a_person_there_is_no_new_file(paths: Paths) -> None:
    configure(paths)
    with pytest.raises(SecretError, match="There is no keyring") as told:
        await store_secret(SERVER, "work", "hunter2")
    assert "--store file" in told.value.hint
    assert not paths.secrets_file.exists()


@pytest.mark.parametrize("trouble", ["absent", "empty", "failing"])
async def test_what_the_keyring_does_not_give_is_looked_for_in_the_file(paths: Paths, trouble: str) -> None:
    await with_file(paths)

    def fail(*args: object) -> None:
        raise RuntimeError("bus gone")

    if trouble == "empty":
        use_keyring()
    elif trouble == "failing":
        use_keyring(get_password=fail)
    answer(PASSPHRASE)
    assert await password() == "hunter2"


async def test_only_the_store_that_was_chosen_is_asked(paths: Paths) -> None:
    await with_file(paths)
    backend = use_keyring()
    configure(paths, SecretStore.KEYRING)
    answers = answer()
    with pytest.raises(SecretError, match="keyring holds no password"):
        await password()
    assert answers.asked == []
    backend.kept[SERVICE, "ada"] = "other"
    configure(paths, SecretStore.FILE)
    answer(PASSPHRASE)
    assert await password() == "hunter2"


async def test_plain_text_is_used_only_if_it_is_wanted_and_nothing_better_is_there(paths: Paths) -> None:
    plain = use_keyring("keyrings.alt.file")
    configure(paths, plaintext=True)
    assert (await store_secret(SERVER, "work", "hunter2")).stored is SecretStore.KEYRING
    assert plain.kept == {(SERVICE, "ada"): "hunter2"}
    safe = use_keyring(SAFE)
    use_keyring("keyring.backends.chainer").backends = [plain, safe]  # type: ignore[attr-defined]
    await store_secret(SERVER, "work", "hunter3")
    assert safe.kept == {(SERVICE, "ada"): "hunter3"}
    assert plain.kept == {(SERVICE, "ada"): "hunter2"}


async def test_in_memory_each_run_asks_once(paths: Paths) -> None:
    use_keyring().kept[SERVICE, "ada"] = "stored"
    for _ in range(2):
        configure(paths, SecretStore.MEMORY)
        answers = answer("typed")
        assert [await password(), await password()] == ["typed", "typed"]
        assert answers.asked == ["Password of ada on smtp.example.org"]
    assert not paths.secrets_file.exists()


# -- moved, removed


async def test_it_is_moved_from_the_keyring_to_the_file_and_back(paths: Paths) -> None:
    backend = use_keyring()
    configure(paths)
    await store_secret(SERVER, "work", "hunter2")
    answer(PASSPHRASE, PASSPHRASE)
    report = await store_secret(SERVER, "work", "hunter2", to=SecretStore.FILE)
    assert (report.stored, report.removed) == (SecretStore.FILE, [SecretStore.KEYRING])
    assert backend.kept == {}
    assert await password() == "hunter2"
    report = await store_secret(SERVER, "work", "hunter2", to=SecretStore.KEYRING)
    assert (report.stored, report.removed) == (SecretStore.KEYRING, [SecretStore.FILE])
    assert secrets.stores().file.get(SERVICE, "ada") is None


async def test_the_old_copy_stays_if_the_new_one_is_not_given_back(paths: Paths) -> None:
    await with_file(paths)
    use_keyring(get_password=lambda *args: "something else")
    answer(PASSPHRASE)
    with pytest.raises(SecretError, match="does not give back"):
        await store_secret(SERVER, "work", "hunter3", to=SecretStore.KEYRING)
    configure(paths, SecretStore.FILE)
    answer(PASSPHRASE)
    assert await password() == "hunter2"


async def test_an_old_copy_that_cannot_be_removed_is_told(paths: Paths) -> None:
    await with_file(paths)
    use_keyring()
    secrets.questions.asker = None
    report = await store_secret(SERVER, "work", "hunter3")
    assert report.stored is SecretStore.KEYRING
    assert len(report.troubles) == 1
    assert "older copy may be in the password file" in report.troubles[0]


async def test_what_is_not_proven_is_not_stored(paths: Paths) -> None:
    backend = use_keyring()
    backend.kept[SERVICE, "ada"] = "old"
    configure(paths)
    proven: list[str] = []

    async def refuse(value: str) -> None:
        proven.append(value)
        raise SecretError("The server refuses it.")

    with pytest.raises(SecretError, match="refuses"):
        await store_secret(SERVER, "work", "new", prove=refuse)
    assert proven == ["new"]
    assert backend.kept == {(SERVICE, "ada"): "old"}

    async def accept(value: str) -> None:
        assert backend.kept == {(SERVICE, "ada"): "old"}

    await store_secret(SERVER, "work", "new", prove=accept)
    assert backend.kept == {(SERVICE, "ada"): "new"}


async def test_removed_is_removed_everywhere(paths: Paths) -> None:
    await with_file(paths)
    backend = use_keyring()
    backend.kept[SERVICE, "ada"] = "old"
    answer(PASSPHRASE)
    report = await remove_secret(SERVER, "work")
    assert set(report.removed) == {SecretStore.KEYRING, SecretStore.FILE}
    assert backend.kept == {}
    with pytest.raises(SecretError, match="holds no password"):
        await password()
    assert (await remove_secret(SERVER, "work")).removed == []


# -- the passphrase


async def test_the_passphrase_is_asked_for_once_a_run_whoever_waits(paths: Paths) -> None:
    """Each account is read on a thread with a loop of its own."""
    await with_file(paths)
    other = Server("imap.example.org", 993, username="ada")
    answers = answer()
    found: list[str] = []

    def elsewhere() -> None:
        async def both() -> tuple[str | BaseException, ...]:
            ways = (secret_for(SERVER, "work", announce=ignore), secret_for(other, "home", announce=ignore))
            return await asyncio.gather(*ways, return_exceptions=True)

        found.extend(str(each) for each in asyncio.run(both()))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    here = asyncio.ensure_future(password())
    await asyncio.to_thread(answers.came.wait)
    answers.open[0].answer(PASSPHRASE)
    assert await here == "hunter2"
    await asyncio.to_thread(thread.join)
    assert found[0] == "hunter2"
    assert "There is no keyring" in found[1]
    assert answers.asked == [ASKED]


async def test_a_wrong_one_is_asked_for_again(paths: Paths) -> None:
    await with_file(paths)
    answers = answer("wrong horse", PASSPHRASE)
    assert await password() == "hunter2"
    assert answers.asked == [ASKED, f"That is not its passphrase.|{ASKED}"]


@pytest.mark.parametrize(
    ("texts", "count"), [(("a", "b", "c", PASSPHRASE), 3), ((None, PASSPHRASE), 1), (("", "x"), 1)]
)
async def test_who_does_not_know_it_is_left_alone_until_the_account_is_checked_again(
    paths: Paths, texts: tuple[str | None, ...], count: int
) -> None:
    await with_file(paths)
    answers = answer(*texts)
    for _ in range(2):
        with pytest.raises(SecretError):
            await password()
    assert len(answers.asked) == count
    secrets.questions.ask_again()
    answer(PASSPHRASE)
    assert await password() == "hunter2"


async def test_damage_is_told_and_nothing_is_asked_over_and_over(paths: Paths) -> None:
    await with_file(paths)
    paths.secrets_file.write_bytes(b"{}")
    answers = answer(PASSPHRASE)
    with pytest.raises(SecretError, match="damaged"):
        await password()
    assert answers.asked == []


async def test_a_late_answer_is_used_and_announced(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_file(paths)
    answers, heard = answer(), threading.Event()
    secrets.questions.answered.append(heard.set)
    monkeypatch.setattr(secret_questions, "ANSWER_LIMIT", 0.0)
    with pytest.raises(SecretError, match="not typed yet"):
        await password()
    await asyncio.to_thread(answers.came.wait)
    answers.open[0].answer(PASSPHRASE)
    await asyncio.to_thread(heard.wait)
    assert await password() == "hunter2"
    assert answers.asked == [ASKED]


async def test_a_new_passphrase_is_long_enough_and_typed_twice(paths: Paths) -> None:
    configure(paths, SecretStore.FILE)
    answers = answer("short", PASSPHRASE, "correct hose", PASSPHRASE)
    await store_secret(SERVER, "work", "hunter2")
    assert answers.asked == [NEW, f"It needs at least 8 characters.|{NEW}", AGAIN, f"It is not the same.|{AGAIN}"]
    configure(paths, SecretStore.FILE)
    answer(PASSPHRASE)
    assert await password() == "hunter2"


async def test_the_passphrase_is_changed(paths: Paths) -> None:
    await with_file(paths)
    answers = answer(PASSPHRASE, "battery staple", "battery staple")
    await secrets.stores().change_passphrase()
    assert answers.asked == [ASKED, NEW, AGAIN]
    configure(paths)
    answer(PASSPHRASE, "battery staple")
    assert await password() == "hunter2"


@pytest.mark.parametrize("by", ["config", "environment"])
async def test_a_command_prints_the_passphrase_where_nobody_is(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    code = f"print('{PASSPHRASE}')"
    command: tuple[str, ...] = (sys.executable, "-c", code)
    if by == "environment":
        monkeypatch.setenv("TUIMAIL_PASSPHRASE_COMMAND", f'{sys.executable} -c "{code}"')
        command = ("/nowhere/else",)
    for _ in range(2):
        configure(paths, SecretStore.FILE, passphrase_command=command)
        await store_secret(SERVER, "work", "hunter2")
    configure(paths, SecretStore.FILE, passphrase_command=command)
    assert await password() == "hunter2"


async def test_a_passphrase_command_that_fails_is_told(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_file(paths)
    configure(paths, passphrase_command=("/nowhere/pass",))
    with pytest.raises(SecretError, match="The passphrase command /nowhere/pass was not found") as told:
        await password()
    assert "passphrase_command" in told.value.hint
    monkeypatch.setenv("TUIMAIL_PASSPHRASE_COMMAND", "echo 'x")
    with pytest.raises(SecretError, match="quote is not closed"):
        await password()


async def test_a_keyring_that_hangs_is_not_asked_without_end(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    release, asked = threading.Event(), [0]

    def hang(*args: object) -> None:
        asked[0] += 1
        release.wait()

    use_keyring(get_password=hang)
    monkeypatch.setattr(keyring_store, "KEYRING_LIMIT", 0.01)
    configure(paths)
    try:
        for _ in range(2 * keyring_store.MOST_WAITING):
            with pytest.raises(SecretError, match=r"no answer|not answered"):
                await password()
        assert asked[0] <= keyring_store.MOST_WAITING
    finally:
        release.set()


async def test_a_keyring_unlocked_late_lets_go_on_what_waited(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    release, heard = threading.Event(), threading.Event()

    def hang(*args: object) -> str:
        release.wait()
        return "hunter2"

    use_keyring(get_password=hang)
    secrets.questions.answered.append(heard.set)
    configure(paths)
    with monkeypatch.context() as impatient:
        impatient.setattr(keyring_store, "KEYRING_LIMIT", 0.01)
        with pytest.raises(SecretError, match="no answer"):
            await password()
    assert not heard.is_set()
    release.set()
    await asyncio.to_thread(heard.wait)
    assert await password() == "hunter2"
