"""Signing in: each mechanism as a dialogue, the choice among them, and what never crosses an open line."""

from __future__ import annotations

import base64
import hmac
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.submission.conftest import SECRET, Authority, Recorder, letter, secret_of, submitter
from tests.submission.test_smtp import DATA, MAIL, RCPT, verdict
from tests.support.scripted_smtp import Close, Expect, Letter, ScriptedServer, Step, hello
from tuimail import sasl
from tuimail.config.model import Auth, Security
from tuimail.errors import SecretError
from tuimail.submission.auth import Mechanism, MechanismError, Scram, mechanism, mechanisms_for
from tuimail.submission.failure import Failure, SubmissionError
from tuimail.submission.handshake import Handshake
from tuimail.submission.result import AccountProblem, Action, Stage, SubmissionResult

if TYPE_CHECKING:
    from pathlib import Path

TAKEN: tuple[Step, ...] = (MAIL, RCPT, DATA, Letter())
PASSWORD: dict[str, Any] = {"auth": Auth.PASSWORD, "username": "ada"}
TOKEN: dict[str, Any] = {"auth": Auth.OAUTH2, "username": "ada@example.org"}
OK = "235 2.7.0 ok"
NO = "535 5.7.8 no"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


# name -> (mechanism, the challenges, the responses)
DIALOGUES: dict[str, tuple[Mechanism, bytes | None, list[tuple[bytes, bytes]]]] = {
    "PLAIN": (mechanism("PLAIN", "ada", "pass wörd"), "\0ada\0pass wörd".encode(), []),
    "PLAIN, initial response ignored": (mechanism("PLAIN", "ada", "x"), b"\0ada\0x", [(b"", b"\0ada\0x")]),
    "LOGIN": (mechanism("LOGIN", "ada", "x"), None, [(b"Username:", b"ada"), (b"Password:", b"x")]),
    "CRAM-MD5 (RFC 2195)": (
        mechanism("CRAM-MD5", "tim", "tanstaaftanstaaf"),
        None,
        [(b"<1896.697170952@postoffice.reston.mci.net>", b"tim b913a602c7eda7a495b4e6e7334d3890")],
    ),
    "SCRAM-SHA-1 (RFC 5802)": (
        Scram("SCRAM-SHA-1", "user", "pencil", nonce="fyko+d2lbbFgONRv9qkxdawL"),
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        [
            (
                b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            ),
            (b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", b""),
        ],
    ),
    "SCRAM-SHA-256 (RFC 7677)": (
        Scram("SCRAM-SHA-256", "user", "pencil", nonce="rOprNGfwEbeRWgbNEkqO"),
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        [
            (
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                (
                    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
                ),
            ),
            (b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", b""),
        ],
    ),
    "OAUTHBEARER (RFC 7628)": (
        mechanism("OAUTHBEARER", "user@example.com", "vF9dft4", host="server.example.com", port=143),
        b"n,a=user@example.com,\1host=server.example.com\1port=143\1auth=Bearer vF9dft4\1\1",
        [(b'{"status":"invalid_token"}', b"\1")],
    ),
    "XOAUTH2": (
        mechanism("XOAUTH2", "ada@example.org", "ya29"),
        b"user=ada@example.org\1auth=Bearer ya29\1\1",
        [(b'{"status":"400"}', b"")],
    ),
}


@pytest.mark.parametrize("name", DIALOGUES)
def test_mechanism(name: str) -> None:
    made, first, rounds = DIALOGUES[name]
    assert made.first == first
    for challenge, response in rounds:
        assert made.answer(challenge) == response
    assert made.proven


@pytest.mark.parametrize(
    ("name", "challenges"),
    [
        ("PLAIN", [b"what?", b"what?"]),
        ("LOGIN", [b"", b"", b"and your mother's maiden name?"]),
        ("CRAM-MD5", [b""]),
        ("SCRAM-SHA-256", [b"r=other,s=QSXCR+Q6sek8bf92,i=4096"]),
        ("SCRAM-SHA-256", [b"\xff"]),
        ("SCRAM-SHA-256", [b"e=unknown-user,"]),
    ],
)
def test_a_challenge_that_makes_no_sense_is_an_error(name: str, challenges: list[bytes]) -> None:
    made = mechanism(name, "ada", "x")
    *fine, nonsense = challenges
    for challenge in fine:
        made.answer(challenge)
    with pytest.raises(MechanismError):
        made.answer(nonsense)


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    made = Scram("SCRAM-SHA-1", "user", "pencil", nonce="fyko+d2lbbFgONRv9qkxdawL")
    made.answer(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
    assert not made.proven
    with pytest.raises(SubmissionError) as caught:
        made.answer(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert caught.value.failure is Failure.TAMPERED
    assert not made.proven


@pytest.mark.parametrize(
    ("offered", "oauth", "private", "expected"),
    [
        ("LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", False, True,
         ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"]),
        ("LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1", False, False, ["SCRAM-SHA-1", "CRAM-MD5"]),
        ("plain xoauth2", False, True, ["PLAIN"]),
        ("PLAIN XOAUTH2 OAUTHBEARER", True, True, ["OAUTHBEARER", "XOAUTH2"]),
        ("LOGIN PLAIN", False, False, Failure.CLEARTEXT),
        ("XOAUTH2 SCRAM-SHA-256", True, False, Failure.CLEARTEXT),
        ("NTLM GSSAPI", False, True, Failure.NO_MECHANISM),
        ("PLAIN", True, True, Failure.NO_MECHANISM),
        ("", False, True, Failure.NO_MECHANISM),
    ],
)  # fmt: skip
def test_choice(offered: str, oauth: bool, private: bool, expected: list[str] | Failure) -> None:
    if isinstance(expected, Failure):
        with pytest.raises(SubmissionError) as caught:
            mechanisms_for(offered.split(), oauth=oauth, private=private)
        assert caught.value.failure is expected
    else:
        assert mechanisms_for(offered.split(), oauth=oauth, private=private) == expected


async def signed_in(*script: Step, secret: object = None, **account: object) -> tuple[SubmissionResult, ScriptedServer]:
    async with ScriptedServer([(*script, *TAKEN)]) as server:
        way = submitter(server.port, secret=secret, **(account or PASSWORD))
        result = await way.submit(letter(), Recorder())
        await way.close()
    return result, server


async def test_a_wrong_password_is_tried_once_and_with_one_mechanism() -> None:
    secret = secret_of(SECRET)
    result, server = await signed_in(*hello("AUTH PLAIN LOGIN CRAM-MD5"), Expect("AUTH PLAIN", NO), secret=secret)
    found = result.recipients["bob@example.net"]
    assert (found.action, found.stage, found.problem) == (Action.REAUTH, Stage.AUTH, AccountProblem.SIGN_IN)
    assert result.account == found
    assert not result.touched
    assert server.verbs.count("AUTH") == 1
    assert secret.count == 1


@pytest.mark.parametrize("code", ["504 5.5.4 unknown", "501 5.5.2 what"])
async def test_a_mechanism_the_server_does_not_know_gives_way_to_the_next(code: str) -> None:
    result, server = await signed_in(
        *hello("AUTH PLAIN LOGIN"),
        Expect("AUTH PLAIN", code),
        Expect("AUTH LOGIN", "334 " + b64("Username:")),
        Expect(b64("ada"), "334 " + b64("Password:")),
        Expect(b64(SECRET), OK),
    )
    assert verdict(result)[0] is Action.OK
    assert not server.unexpected


@pytest.mark.parametrize("words", ["Username:", "ok", "go on, please", "", "\u00dc", "VXNlcm5hbWU6="])
async def test_words_in_place_of_base64_do_not_stop_login_and_plain(words: str) -> None:
    result, server = await signed_in(
        *hello("AUTH LOGIN"),
        Expect("AUTH LOGIN", f"334 {words}"),
        Expect(b64("ada"), f"334 {words}"),
        Expect(b64(SECRET), OK),
    )
    assert verdict(result)[0] is Action.OK
    assert not server.unexpected
    plain = b64(f"\0ada\0{SECRET}")
    result, server = await signed_in(
        *hello("AUTH PLAIN"), Expect(f"AUTH PLAIN {plain}", f"334 {words}"), Expect(plain, OK)
    )
    assert verdict(result)[0] is Action.OK
    assert not server.unexpected


async def test_login_that_never_ends_is_given_up_with_words() -> None:
    questions = (Expect(b64("ada"), "334 x"), Expect(b64(SECRET), "334 and your pet?"), Expect("*", "501 cancelled"))
    result, _ = await signed_in(*hello("AUTH LOGIN"), Expect("AUTH LOGIN", "334 x"), *questions)
    found = result.recipients["bob@example.net"]
    assert found.stage is Stage.AUTH
    assert "LOGIN asks two questions" in found.message


async def test_no_mechanism_left_holds_the_account() -> None:
    result, _ = await signed_in(*hello("AUTH PLAIN"), Expect("AUTH PLAIN", "504 5.5.4 no"))
    assert verdict(result) == (Action.ACCOUNT, Stage.AUTH)


SALT = "s=QSXCR+Q6sek8bf92"


@pytest.mark.parametrize(
    "iterations", ["1", "4095", "1000001", str(2**31), "9" * 5000, "04096,i=1", "-4096", "", "4e3", "\u0664096"]
)
def test_scram_asks_for_a_sound_number_of_iterations(iterations: str) -> None:
    made = Scram("SCRAM-SHA-256", "user", "pencil", nonce="rOprNGfwEbeRWgbNEkqO")
    with pytest.raises(MechanismError, match=r"iterations|too long"):
        made.answer(f"r=rOprNGfwEbeRWgbNEkqOx,{SALT},i={iterations}".encode())


@pytest.mark.parametrize(
    ("offered", "challenge"),
    [
        *(("SCRAM-SHA-256 PLAIN LOGIN", each) for each in ("bm9uc2Vuc2U=", "!!!", "", b64(f"r=x,{SALT},i=1"))),
        ("SCRAM-SHA-1 PLAIN", b64("i=" + "9" * 5000)),
        ("CRAM-MD5", "!!!"),
        ("CRAM-MD5", ""),
    ],
)
@pytest.mark.parametrize("cancelled", ["501 5.7.0 cancelled", "504 5.5.4 unknown", "334 more"])
async def test_after_a_challenge_without_sense_the_password_is_not_sent_another_way(
    offered: str, challenge: str, cancelled: str
) -> None:
    result, server = await signed_in(
        *hello(f"AUTH {offered}"),
        Expect(f"AUTH {offered.split()[0]}", f"334 {challenge}"),
        Expect("*", cancelled),
    )
    found = result.recipients["bob@example.net"]
    assert (found.action, found.stage, found.problem) == (Action.ACCOUNT, Stage.AUTH, AccountProblem.SECURITY)
    assert "no other way to sign in was tried" in found.message
    assert server.verbs.count("AUTH") == 1


@pytest.mark.parametrize("refused", ["501 5.5.2 what", "504 5.5.4 unknown", "535 5.7.8 no"])
async def test_scram_refused_after_its_challenge_is_not_followed_by_plain(refused: str) -> None:
    class Patient(Scram):
        def answer(self, challenge: bytes) -> bytes:
            return b"c=biws"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "tuimail.submission.handshake.mechanism", lambda name, user, secret, **_: Patient(name, user, secret)
        )
        result, server = await signed_in(
            *hello("AUTH SCRAM-SHA-256 PLAIN"),
            Expect("AUTH SCRAM-SHA-256", "334 " + b64("r=x")),
            Expect("", refused),
        )
    assert verdict(result)[1] is Stage.AUTH
    assert server.verbs.count("AUTH") == 1


async def test_a_better_mechanism_that_vanishes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = sasl.Remembered(tmp_path / "state" / "sign-in.json")
    monkeypatch.setattr(sasl, "remembered", kept)
    async with ScriptedServer([(*hello("AUTH PLAIN"), Expect("AUTH PLAIN", OK), *TAKEN)]) as server:
        kept.used(f"localhost:{server.port} ada", "SCRAM-SHA-256", time.time())
        kept.used(f"localhost:{server.port} ada", "PLAIN", time.time())
        way = submitter(server.port, host="localhost", **PASSWORD)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result)[0] is Action.OK
    assert any("accepted SCRAM-SHA-256 before and now accepts only PLAIN" in line for line in result.dialogue)
    assert "SCRAM-SHA-256 before" in caplog.text


def test_what_accounts_signed_in_with_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "state" / "sign-in.json"
    kept = sasl.Remembered(file)
    assert kept.stronger("mx:465 ada", "PLAIN", 0.0) == ""
    kept.used("mx:465 ada", "SCRAM-SHA-1", 1000.0)
    again = sasl.Remembered(file)
    assert again.stronger("mx:465 ada", "PLAIN", 2000.0) == "SCRAM-SHA-1"
    assert again.stronger("mx:465 ada", "SCRAM-SHA-256", 2000.0) == ""
    assert again.stronger("mx:465 bob", "PLAIN", 2000.0) == ""
    assert again.stronger("mx:465 ada", "PLAIN", 1000.0 + sasl.FORGET_AFTER) == ""
    assert "ada" not in file.read_text()
    for odd in (b"", b"[1]", b'{"x": 1, "y": ["PLAIN", 1], "z": ["SCRAM-SHA-1", "x"]}', b"[" * 100_000):
        file.write_bytes(odd)
        assert again.stronger("mx:465 ada", "PLAIN", 2000.0) == ""
    again.used("mx:465 ada", "SCRAM-SHA-256", 3000.0)
    assert again.stronger("mx:465 ada", "SCRAM-SHA-1", 3000.0) == "SCRAM-SHA-256"


async def test_success_before_the_server_has_proven_itself_is_fraud() -> None:
    result, server = await signed_in(*hello("AUTH SCRAM-SHA-256"), Expect("AUTH SCRAM-SHA-256", OK))
    found = result.recipients["bob@example.net"]
    assert (found.action, found.problem) == (Action.ACCOUNT, AccountProblem.SECURITY)
    assert "MAIL" not in server.verbs


async def test_scram_signs_in_over_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange of RFC 7677, with its nonce."""
    _, first, rounds = DIALOGUES["SCRAM-SHA-256 (RFC 7677)"]
    assert first is not None
    monkeypatch.setattr(
        "tuimail.submission.handshake.mechanism",
        lambda name, *_, **__: Scram(name, "user", "pencil", nonce="rOprNGfwEbeRWgbNEkqO"),
    )
    (server_first, client_final), (server_final, _) = rounds
    result, server = await signed_in(
        *hello("AUTH SCRAM-SHA-256 PLAIN"),
        Expect("AUTH SCRAM-SHA-256 " + b64(first), "334 " + b64(server_first)),
        Expect(b64(client_final), "334 " + b64(server_final)),
        Expect("", OK),
    )
    assert verdict(result)[0] is Action.OK
    assert not server.unexpected
    assert b64(client_final) not in "".join(result.dialogue)
    assert b64(server_first) not in "".join(result.dialogue)


async def test_an_old_token_is_renewed_once_without_asking() -> None:
    error = "334 " + b64('{"status":"401"}')
    secret = secret_of("old-token", "fresh-token")
    result, server = await signed_in(
        *hello("AUTH XOAUTH2"),
        Expect("AUTH XOAUTH2 " + b64("user=ada@example.org\1auth=Bearer old-token\1\1"), error),
        Expect("", NO),
        Expect("AUTH XOAUTH2 " + b64("user=ada@example.org\1auth=Bearer fresh-token\1\1"), OK),
        secret=secret,
        **TOKEN,
    )
    assert verdict(result)[0] is Action.OK
    assert secret.count == 2
    assert not server.unexpected


@pytest.mark.parametrize(("tokens", "tries"), [(("old", "new"), 2), (("same",), 1)])
async def test_a_token_refused_again_holds_the_account(tokens: tuple[str, ...], tries: int) -> None:
    no = Expect("AUTH OAUTHBEARER", NO)
    result, server = await signed_in(*hello("AUTH OAUTHBEARER"), no, no, secret=secret_of(*tokens), **TOKEN)
    found = result.recipients["bob@example.net"]
    assert (found.action, found.problem) == (Action.ACCOUNT, AccountProblem.SIGN_IN)
    assert server.verbs.count("AUTH") == tries


async def test_432_crosses_over_with_plain_once() -> None:
    result, server = await signed_in(
        *hello("AUTH CRAM-MD5 PLAIN SCRAM-SHA-1"),
        Expect("AUTH SCRAM-SHA-1", "432 4.7.12 password transition needed"),
        Expect("AUTH PLAIN", OK),
    )
    assert verdict(result)[0] is Action.OK
    assert not server.unexpected


async def test_the_secret_is_asked_for_only_when_it_is_needed() -> None:
    secret = secret_of(SECRET)
    async with ScriptedServer([(*hello("AUTH PLAIN"), *TAKEN)]) as server:
        way = submitter(server.port, secret=secret)
        await way.submit(letter(), Recorder())
        await way.close()
    assert secret.count == 0
    assert "AUTH" not in server.verbs


async def test_a_locked_keyring_holds_the_account_and_says_why() -> None:
    async def locked() -> str:
        raise SecretError("The keyring is locked.", hint="Unlock it.")

    result, server = await signed_in(*hello("AUTH PLAIN"), secret=locked, **PASSWORD)
    found = result.recipients["bob@example.net"]
    assert (found.action, found.problem) == (Action.ACCOUNT, AccountProblem.SECRET)
    assert found.message.endswith("The keyring is locked. Unlock it.")
    assert "AUTH" not in server.verbs


async def test_a_password_never_crosses_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimail.submission.connection.is_loopback", lambda _: False)
    secret = secret_of(SECRET)
    result, server = await signed_in(*hello("AUTH PLAIN LOGIN"), secret=secret, **PASSWORD)
    found = result.recipients["bob@example.net"]
    assert (found.action, found.problem) == (Action.ACCOUNT, AccountProblem.SECURITY)
    assert set(server.verbs) == {"EHLO"}
    assert secret.count == 0


@pytest.mark.parametrize("mechanism_name", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"])
async def test_no_secret_is_left_in_dialogue_reply_or_log(
    mechanism_name: str, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """Even when the server throws it back at us."""
    caplog.set_level(logging.DEBUG)
    token = mechanism_name.endswith(("2", "BEARER"))
    plain = b64(f"\0ada\0{SECRET}")
    digest = hmac.new(SECRET.encode(), b"<1@x>", "md5").hexdigest()
    echo = f"535 5.7.8 no: {SECRET} {b64(SECRET)} {plain} {b64('x' + SECRET)}"
    challenge = {"LOGIN": "334 VXNlcm5hbWU6", "CRAM-MD5": "334 " + b64("<1@x>")}.get(mechanism_name)
    steps: list[Step] = [*hello(f"AUTH {mechanism_name}")]
    steps += [Expect("AUTH", challenge), Expect("", echo if mechanism_name == "CRAM-MD5" else "334 UGFzc3dvcmQ6")] if (
        challenge
    ) else [Expect("AUTH", echo)]  # fmt: skip
    steps += [Expect("", echo), Close()]
    async with ScriptedServer([steps], tls=authority.server(), implicit=True) as server:
        account: dict[str, Any] = TOKEN if token else PASSWORD
        way = submitter(server.port, security=Security.TLS, ca_file=authority.file, **account)
        result = await way.submit(letter(), Recorder())
        await way.close()
    assert verdict(result)[1] is Stage.AUTH
    kept = "\n".join([*result.dialogue, repr(result), caplog.text])
    assert "****" in kept
    for canary in (SECRET, b64(SECRET), b64(SECRET).rstrip("="), plain, b64("x" + SECRET), digest):
        assert canary not in kept


def test_the_handshake_shows_no_secret_in_its_repr() -> None:
    from tests.submission.conftest import PATIENT
    from tuimail.config.model import Server

    shown = repr(Handshake(Server("x", 25), secret_of(SECRET).__call__, PATIENT, print))
    assert "port=25" in shown
    assert SECRET not in repr(SubmissionError(Failure.NO_SECRET))
