"""The service that keeps sending: installed, shown, removed; and the watcher it runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CONFIG
from tuimail.service import crontab
from tuimail.service.notify import READY, notify
from tuimail.service.unit import MARK, NAME, unit_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Ran

    Run = Callable[..., Ran]

SMTP_ALONE = CONFIG.partition("[accounts.home]")[0]


class Manager:
    """A systemctl that notes what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.noted = folder / "noted"
        self.failing = folder / "failing"
        self.state = folder / "state"
        self.state.write_text("running")
        program = folder / "systemctl"
        program.write_text(
            f"""#!/bin/sh
case "$2" in
is-system-running) cat {self.state}; exit 1;;
is-enabled) echo enabled; exit 0;;
is-active) echo active; exit 0;;
esac
echo "$*" >> {self.noted}
[ -e {self.failing} ] && grep -qx "$2" {self.failing} && {{ echo "Job failed." >&2; exit 1; }}
exit 0
"""
        )
        program.chmod(0o755)

    @property
    def told(self) -> list[str]:
        return self.noted.read_text().splitlines() if self.noted.exists() else []


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All there is in PATH, beside what shell scripts need."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cat", "grep", "sh"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def manager(bin_folder: Path, write_config: Callable[[str], None]) -> Manager:
    write_config(SMTP_ALONE)
    return Manager(bin_folder)


def unit() -> Path:
    return Path(os.environ["HOME"]) / ".config/systemd/user" / NAME


def test_it_is_installed_enabled_and_started(manager: Manager, tuimail_: Run) -> None:
    ran = tuimail_("outbox", "service", "install")
    assert (ran.code, ran.out) == (0, f"installed and running: {unit()}\n")
    assert "loginctl enable-linger" in ran.err
    assert manager.told == ["--user daemon-reload", f"--user enable {NAME}", f"--user restart {NAME}"]
    lines = unit().read_text().splitlines()
    assert lines[0] == MARK
    assert f"ExecStart={sys.executable} -m tuimail run" in lines
    assert "NoNewPrivileges=yes" in lines


def test_installing_it_again_replaces_it(manager: Manager, tuimail_: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tuimail_("outbox", "service", "install")
    monkeypatch.setenv("XDG_DATA_HOME", "/else/where")
    tuimail_("outbox", "service", "install")
    assert 'Environment="XDG_DATA_HOME=/else/where"' in unit().read_text()


def test_a_relative_config_file_is_carried_by_its_absolute_path(
    manager: Manager, tuimail_: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(SMTP_ALONE)
    Path("own.toml").chmod(0o600)
    monkeypatch.setenv("TUIMAIL_CONFIG", "own.toml")
    assert tuimail_("outbox", "service", "install").code == 0
    assert f'Environment="TUIMAIL_CONFIG={tmp_path}/own.toml"' in unit().read_text()


def test_an_account_that_hands_over_to_sendmail_keeps_what_that_needs(
    manager: Manager, tuimail_: Run, write_config: Callable[[str], None]
) -> None:
    write_config(CONFIG)
    tuimail_("outbox", "service", "install")
    assert "NoNewPrivileges" not in unit().read_text()


def test_without_a_manager_that_answers_it_says_what_to_type(manager: Manager, tuimail_: Run) -> None:
    manager.state.write_text("Failed to connect to bus: No medium found")
    ran = tuimail_("outbox", "service", "install")
    assert (ran.code, ran.out) == (69, f"written: {unit()}\n")
    assert "Failed to connect to bus" in ran.err
    assert f"systemctl --user enable {NAME}" in ran.err
    assert manager.told == []
    told = json.loads(tuimail_("outbox", "service", "install", "--json").out)
    assert (told["installed"], told["running"], len(told["to_type"])) == (True, False, 3)


def test_a_service_that_does_not_start_is_told(manager: Manager, tuimail_: Run) -> None:
    manager.failing.write_text("restart\n")
    ran = tuimail_("outbox", "service", "install")
    assert ran.code == 69
    assert "The service does not run yet: Job failed." in ran.err
    assert f"systemctl --user restart {NAME}" in ran.err
    assert "daemon-reload" not in ran.err


def test_without_systemd_there_is_the_crontab(
    bin_folder: Path, write_config: Callable[[str], None], tuimail_: Run
) -> None:
    write_config(SMTP_ALONE)
    ran = tuimail_("outbox", "service", "install")
    assert ran.code == 69
    assert ran.out.startswith("*/5 * * * * ")
    assert ran.out.endswith(f"{sys.executable} -m tuimail run --once\n")
    assert not unit().exists()


def test_without_an_account_there_is_nothing_to_install(bin_folder: Path, tuimail_: Run) -> None:
    Manager(bin_folder)
    assert tuimail_("outbox", "service", "install").code == 78
    assert not unit().exists()


@pytest.mark.parametrize("what", ["file", "link"])
@pytest.mark.parametrize("action", ["install", "remove"])
def test_a_file_it_did_not_write_is_left_alone(manager: Manager, tuimail_: Run, action: str, what: str) -> None:
    unit().parent.mkdir(parents=True)
    if what == "file":
        unit().write_text("[Unit]\nDescription=mine\n")
    else:
        unit().symlink_to("/dev/null")  # masked
    ran = tuimail_("outbox", "service", action)
    assert ran.code == 73
    assert "was not written by tuimail" in ran.err
    assert manager.told == []
    assert unit().is_symlink() if what == "link" else unit().read_text() == "[Unit]\nDescription=mine\n"
    assert json.loads(tuimail_("outbox", "service", "status", "--json").out)["foreign"]


def test_removing_undoes_it(manager: Manager, tuimail_: Run) -> None:
    tuimail_("outbox", "service", "install")
    manager.noted.unlink()
    ran = tuimail_("outbox", "service", "remove")
    assert (ran.code, ran.out) == (0, f"removed: {unit()}\n")
    assert manager.told == [f"--user disable --now {NAME}", "--user daemon-reload"]
    assert not unit().exists()
    again = tuimail_("outbox", "service", "remove")
    assert (again.code, again.out) == (0, "The service is not installed.\n")


def test_the_status_says_what_is_there(manager: Manager, tuimail_: Run) -> None:
    before = json.loads(tuimail_("outbox", "service", "status", "--json").out)
    assert (before["installed"], before["active"], before["watched"], before["at_work"]) == (False, False, False, [])
    assert "not installed" in tuimail_("outbox", "service", "status").out
    tuimail_("outbox", "service", "install")
    after = json.loads(tuimail_("outbox", "service", "status", "--json").out)
    assert (after["installed"], after["active"], after["enabled"], after["manager"]) == (True, True, True, True)
    assert "service    active, enabled" in tuimail_("outbox", "service", "status").out


def test_a_crontab_that_runs_the_outbox_is_noticed(manager: Manager, tuimail_: Run) -> None:
    program = manager.folder / "crontab"
    program.write_text("#!/bin/sh\necho '*/5 * * * * tuimail outbox run'\n")
    program.chmod(0o755)
    assert json.loads(tuimail_("outbox", "service", "status", "--json").out)["crontab"]
    program.write_text("#!/bin/sh\necho '# */5 * * * * tuimail outbox run'\n")
    assert not json.loads(tuimail_("outbox", "service", "status", "--json").out)["crontab"]


# -- the texts


def test_nothing_in_a_unit_is_expanded_that_was_not_meant_to_be() -> None:
    text = unit_text(
        ["/opt/my mail/100%/$x/tuimail", 'a"b\\'], {"XDG_DATA_HOME": '/d "q" %h \\', "HOME": "/h", "PATH": "a\nb"}
    )
    assert 'ExecStart="/opt/my mail/100%%/$$x/tuimail" "a\\"b\\\\"' in text
    assert 'Environment="XDG_DATA_HOME=/d \\"q\\" %%h \\\\"' in text
    assert "HOME=/h" not in text
    assert "PATH" not in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(unit_text([sys.executable, "-m", "tuimail"], {"PATH": "/a b:/c"}, folder=str(tmp_path)))
    ran = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(path)], capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    assert NAME not in ran.stderr, ran.stderr


def test_a_crontab_line_survives_the_shell_and_cron() -> None:
    made = crontab.line(["/opt/my mail/tuimail", "outbox", "run"], {"TUIMAIL_CONFIG": "/c/50%.toml"}, folder="/a b")
    assert made == "*/5 * * * * cd '/a b' && TUIMAIL_CONFIG=/c/50\\%.toml '/opt/my mail/tuimail' outbox run"


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    if abstract and sys.platform != "linux":
        pytest.skip("no abstract sockets")
    monkeypatch.chdir(tmp_path_factory.mktemp("n"))
    name = f"tuimail-test-{os.getpid()}"
    address = f"/tmp/{name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else address)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else address)
        assert notify(READY)
        assert manager.recv(100) == b"READY=1"
    if not abstract:
        assert not notify(READY)  # the manager is gone: no error
        Path(address).unlink()
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not notify(READY)


# -- the watcher


def test_a_second_watcher_says_so_once_and_both_are_at_work(
    write_config: Callable[[str], None], tuimail_: Run, tmp_path: Path
) -> None:
    write_config(SMTP_ALONE)
    address = tmp_path / "m"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        descriptor = os.open(tmp_path, os.O_RDONLY)
        short = f"/proc/self/fd/{descriptor}/m" if sys.platform == "linux" else str(address)
        manager.bind(short)
        environ = {**os.environ, "NOTIFY_SOCKET": f"/proc/{os.getpid()}/fd/{descriptor}/m"}
        watchers = []
        try:
            for _ in range(2):
                watchers.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tuimail", "outbox", "run", "--watch"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
                    )
                )  # fmt: skip
                assert manager.recv(100) == b"READY=1"
            status = json.loads(tuimail_("outbox", "service", "status", "--json").out)
            assert {each["pid"] for each in status["at_work"]} == {each.pid for each in watchers}
            assert status["watched"]
            said = []
            for each in reversed(watchers):
                each.send_signal(signal.SIGTERM)
                out, err = each.communicate(timeout=60)
                assert (each.returncode, out) == (0, "")
                said.append(err)
        finally:
            for each in watchers:
                each.kill()
            os.close(descriptor)
    assert said == [f"tuimail: process {watchers[0].pid} watches this outbox, too; they share the work.\n", ""]
    assert json.loads(tuimail_("outbox", "service", "status", "--json").out)["at_work"] == []
