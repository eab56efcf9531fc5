"""Every command of a real server refused, delayed, cut off: the reply table from end to end."""

from __future__ import annotations

import pytest

from tests.submission.conftest import PATIENT, Recorder, impatient, letter, submitter
from tests.submission.test_smtp import verdict
from tests.support.smtp_sink import PROGRAM, smtp_sink
from tuimail.submission.result import Action, Stage

pytestmark = [
    pytest.mark.real_servers,
    pytest.mark.skipif(not PROGRAM.exists(), reason="smtp-sink is not installed (Debian: postfix)"),
]

A = Action
S = Stage
STAGES = {
    "CONNECT": S.GREETING, "EHLO": S.EHLO, "MAIL": S.MAIL, "RCPT": S.RCPT, "DATA": S.DATA, ".": S.COMMITTING
}  # fmt: skip
OUTCOMES: dict[str, dict[str, Action]] = {
    "-q": dict.fromkeys(STAGES, A.RETRY) | {".": A.UNCERTAIN},
    "-Q": dict.fromkeys(STAGES, A.RETRY),
    "-r": dict.fromkeys(STAGES, A.RETRY),
    "-f": {
        "CONNECT": A.SOON, "EHLO": A.ACCOUNT, "MAIL": A.MESSAGE, "RCPT": A.RECIPIENT, "DATA": A.MESSAGE, ".": A.MESSAGE
    },
    "-W": dict.fromkeys(STAGES, A.RETRY) | {".": A.UNCERTAIN},
}  # fmt: skip
CASES = [(option, command) for option, table in OUTCOMES.items() for command in table]


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(("option", "command"), CASES, ids=[" ".join(case) for case in CASES])
async def test_misbehaviour(option: str, command: str, pipelining: bool) -> None:
    argument = f"{command}:600" if option == "-W" else command
    seconds = {"CONNECT": "hello", "EHLO": "hello", "MAIL": "envelope", "RCPT": "envelope", "DATA": "data"}
    timeouts = impatient(**{seconds.get(command, "commit"): 0.3}) if option == "-W" else PATIENT
    # A delayed smtp-sink goes on with the commands behind the delayed one, which no server may do.
    async with smtp_sink(option, argument, *([] if pipelining and option != "-W" else ["-p"])) as port:
        way = submitter(port, timeouts=timeouts)
        watcher = Recorder()
        result = await way.submit(letter("a@x.example", "b@x.example"), watcher)
        await way.close()
    assert verdict(result) == (OUTCOMES[option][command], STAGES[command])
    assert result.touched == (command not in ("CONNECT", "EHLO"))
    assert ("committing" in watcher.events) == (command == ".")


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_hundred_letters_to_many_people(pipelining: bool) -> None:
    people = tuple(f"user{number}@x.example" for number in range(50))
    async with smtp_sink(*([] if pipelining else ["-p"])) as port:
        way = submitter(port)
        for _ in range(20):
            result = await way.submit(letter(*people), Recorder())
            assert verdict(result) == (Action.OK, Stage.COMMITTING)
            assert len(result.recipients) == 50
        await way.close()


async def test_an_abort_in_the_middle_of_the_letter_is_no_acceptance() -> None:
    async with smtp_sink("-A", "0") as port:
        watcher = Recorder()
        way = submitter(port)
        result = await way.submit(letter(body=b"x" * 70 + b"\r\n" * 1_000_000), watcher)
        await way.close()
    assert verdict(result)[0] in (Action.MESSAGE, Action.RETRY)
    assert verdict(result)[1] is Stage.BODY
