"""The reply table: one case per row, and that nothing falls through it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.submission.classify import ReplyContext, classify, classify_failure, rule_for
from tuimail.submission.failure import Failure
from tuimail.submission.reply_table import BEFORE_DOT, RULES
from tuimail.submission.result import AccountProblem, Action, Reply, Stage

S = Stage
A = Action
ALL = ReplyContext(all_refused=True)
SOME = ReplyContext(accepted=3)
OPTIONAL = ReplyContext(optional=("SIZE", "DSN"))
CLEAR = ReplyContext(clear=True)
OAUTH = ReplyContext(oauth=True)

# row name -> (stage, reply, action) and, where it matters, the context
CASES: dict[str, tuple[Stage, Reply, Action] | tuple[Stage, Reply, Action, ReplyContext]] = {
    "greeting": (S.GREETING, Reply(220, "", "mx ESMTP"), A.OK),
    "ehlo": (S.EHLO, Reply(250, "", "mx"), A.OK),
    "starttls go ahead": (S.STARTTLS, Reply(220, "2.0.0", "go"), A.OK),
    "signed in": (S.AUTH, Reply(235, "2.7.0", "hello"), A.OK),
    "sender taken": (S.MAIL, Reply(250, "2.1.0", "ok"), A.OK),
    "recipient taken": (S.RCPT, Reply(251, "", "will forward"), A.OK),
    "send the letter": (S.DATA, Reply(354, "", "go"), A.OK),
    "answer to the dot contradicts itself": (S.COMMITTING, Reply(250, "", "no, yes", mixed=True), A.UNCERTAIN),
    "accepted": (S.COMMITTING, Reply(252, "", "sure"), A.OK),
    "too many connections": (S.MAIL, Reply(432, "4.3.2", "Concurrent connections limit exceeded"), A.RETRY),
    "too many connections, by its code alone": (S.MAIL, Reply(432, "4.3.2", "throttled"), A.RETRY),
    "greeting busy": (S.GREETING, Reply(421, "4.3.2", "busy"), A.RETRY),
    "greeting refused": (S.GREETING, Reply(554, "5.7.1", "go away"), A.SOON),
    "ehlo unknown": (S.EHLO, Reply(502, "5.5.1", "what?"), A.ACCOUNT),
    "turned away in clear for now": (S.EHLO, Reply(421, "", "busy"), A.RETRY, CLEAR),
    "greeting refused in clear": (S.GREETING, Reply(554, "5.7.1", "go away"), A.SOON, CLEAR),
    "ehlo refused in clear": (S.EHLO, Reply(550, "5.7.1", "no"), A.ACCOUNT, CLEAR),
    "ehlo busy": (S.EHLO, Reply(421, "", "busy"), A.RETRY),
    "ehlo refused": (S.EHLO, Reply(550, "5.7.1", "no"), A.ACCOUNT),
    "starttls not now": (S.STARTTLS, Reply(454, "4.7.0", "TLS not available"), A.RETRY),
    "starttls refused": (S.STARTTLS, Reply(502, "5.5.1", "no"), A.ACCOUNT),
    "password must change over": (S.AUTH, Reply(432, "4.7.12", "transition needed"), A.REAUTH),
    "too many sign-ins": (S.AUTH, Reply(454, "4.7.0", "Too many login attempts, please try again later"), A.RETRY),
    "sign-in not now": (S.AUTH, Reply(454, "4.7.0", "Temporary authentication failure"), A.RETRY),
    "smtp sign-in switched off": (S.AUTH, Reply(535, "5.7.139", "Authentication unsuccessful"), A.ACCOUNT),
    "token refused": (S.AUTH, Reply(535, "5.7.8", "bad token"), A.REAUTH, OAUTH),
    "password refused": (S.AUTH, Reply(535, "5.7.8", "bad password"), A.REAUTH),
    "app password needed": (S.AUTH, Reply(534, "5.7.9", "Application-specific password required"), A.ACCOUNT),
    "browser sign-in needed": (S.AUTH, Reply(534, "5.7.14", "https://accounts.example/"), A.ACCOUNT),
    "sign-in needs tls": (S.AUTH, Reply(538, "5.7.11", "encryption required"), A.ACCOUNT),
    "mechanism unknown": (S.AUTH, Reply(504, "5.5.4", "unrecognized"), A.ACCOUNT),
    "sign-in refused": (S.AUTH, Reply(550, "5.7.1", "no"), A.ACCOUNT),
    "sending limit": (S.MAIL, Reply(550, "5.4.5", "Daily user sending limit exceeded"), A.ACCOUNT),
    "sending rate": (S.MAIL, Reply(451, "4.7.1", "Rate limit exceeded"), A.ACCOUNT),
    "host gone": (S.COMMITTING, Reply(421, "4.3.0", "shutting down"), A.RETRY),
    "sign in first": (S.MAIL, Reply(530, "5.7.0", "Authentication required"), A.REAUTH),
    "sender not international": (S.MAIL, Reply(553, "5.6.7", "no SMTPUTF8"), A.MESSAGE),
    "letter too big": (S.MAIL, Reply(554, "5.3.4", "too big"), A.MESSAGE),
    "letter too big, plainly": (S.MAIL, Reply(552, "", "no"), A.MESSAGE),
    "sender not allowed": (S.MAIL, Reply(550, "5.2.252", "SendAsDenied"), A.MESSAGE),
    "throttled": (S.MAIL, Reply(550, "5.2.251", "throttled"), A.ACCOUNT),
    "parameter unknown": (S.MAIL, Reply(555, "5.5.4", "unsupported"), A.SOON, OPTIONAL),
    "sender later": (S.MAIL, Reply(452, "4.3.1", "disk full"), A.RETRY),
    "sender refused": (S.MAIL, Reply(550, "5.1.0", "no"), A.MESSAGE),
    "sign in first, by its words": (S.MAIL, Reply(503, "", "Authenticate first"), A.REAUTH),
    "dialogue out of step": (S.RCPT, Reply(503, "5.5.1", "need MAIL"), A.RETRY),
    "too many recipients": (S.RCPT, Reply(552, "5.5.3", "too many"), A.SPLIT, SOME),
    "too many recipients, plainly": (S.RCPT, Reply(452, "", "enough"), A.SPLIT, SOME),
    "too many recipients at the first": (S.RCPT, Reply(552, "5.5.3", "too many"), A.RETRY),
    "greylisted": (S.RCPT, Reply(450, "4.7.1", "come back"), A.RETRY),
    "recipient later": (S.RCPT, Reply(452, "4.3.1", "disk full"), A.RETRY, SOME),
    "recipient moved": (S.RCPT, Reply(551, "5.1.6", "try <b@y.example>"), A.RECIPIENT),
    "no such domain": (S.RCPT, Reply(550, "5.1.2", "no such domain"), A.RECIPIENT),
    "address malformed": (S.RCPT, Reply(553, "5.1.3", "syntax"), A.RECIPIENT),
    "mailbox closed": (S.RCPT, Reply(550, "5.2.1", "disabled"), A.RECIPIENT),
    "no such recipient": (S.RCPT, Reply(550, "5.1.1", "who?"), A.RECIPIENT),
    "mailbox full": (S.RCPT, Reply(552, "5.2.2", "over quota"), A.RECIPIENT),
    "relay denied": (S.RCPT, Reply(554, "5.7.1", "Relay access denied"), A.ACCOUNT, ALL),
    "policy against all": (S.RCPT, Reply(550, "5.7.1", "policy"), A.MESSAGE, ALL),
    "policy against one": (S.RCPT, Reply(550, "5.7.1", "policy"), A.RECIPIENT),
    "recipient service unavailable": (S.RCPT, Reply(550, "5.5.0", "Service unavailable"), A.RETRY),
    "recipient not international": (S.RCPT, Reply(553, "5.6.7", "no SMTPUTF8"), A.RECIPIENT),
    "recipient parameter unknown": (S.RCPT, Reply(555, "5.5.4", "NOTIFY?"), A.SOON, OPTIONAL),
    "recipient parameter not implemented": (S.RCPT, Reply(553, "5.5.4", "ORCPT"), A.SOON, OPTIONAL),
    "recipient refused": (S.RCPT, Reply(550, "", "no"), A.RECIPIENT),
    "letter later": (S.DATA, Reply(451, "4.3.0", "not now"), A.RETRY),
    "letter refused": (S.DATA, Reply(554, "5.5.1", "no valid recipients"), A.MESSAGE),
    "content later": (S.COMMITTING, Reply(451, "4.7.1", "not now"), A.RETRY),
    "content too big": (S.BODY, Reply(554, "5.3.4", "too big"), A.MESSAGE),
    "content too big, plainly": (S.COMMITTING, Reply(552, "", "no"), A.MESSAGE),
    "content malformed": (S.COMMITTING, Reply(550, "5.6.0", "bare LF"), A.MESSAGE),
    "content against policy": (S.COMMITTING, Reply(554, "5.7.1", "spam"), A.MESSAGE),
    "content service unavailable": (S.COMMITTING, Reply(550, "5.5.0", "unavailable"), A.RETRY),
    "content refused": (S.COMMITTING, Reply(554, "", "no"), A.MESSAGE),
    "answer to the dot is no answer": (S.COMMITTING, Reply(354, "", "go on"), A.UNCERTAIN),
    "out of order": (S.DATA, Reply(250, "", "ok"), A.RETRY),
}


@pytest.mark.parametrize("stage", [S.GREETING, S.EHLO])
@pytest.mark.parametrize("code", [421, 554])
def test_what_is_said_before_tls_is_not_taken_for_the_server_s_word(stage: S, code: int) -> None:
    words = classify(stage, Reply(code, "", "send your password to evil.example"), CLEAR).message
    assert "refused the connection before it was secured" in words
    assert "before it was secured" not in classify(stage, Reply(code, "", "no"), ReplyContext()).message


@pytest.mark.parametrize("name", [row.name for row in RULES])
def test_row(name: str) -> None:
    stage, reply, action, *rest = CASES[name]
    context = rest[0] if rest else ReplyContext()
    assert rule_for(stage, reply, context).name == name
    verdict = classify(stage, reply, context)
    assert verdict.action is action
    assert verdict.stage is stage
    assert verdict.reply is reply


def test_every_row_has_a_name_of_its_own_and_a_case() -> None:
    assert len({row.name for row in RULES}) == len(RULES)
    assert set(CASES) == {row.name for row in RULES}


@given(
    st.sampled_from(Stage),
    st.integers(200, 599),
    st.sampled_from(["", "2.0.0", "4.3.2", "4.5.3", "4.7.1", "5.1.1", "5.5.0", "5.5.3", "5.6.7", "5.7.1", "5.7.9"]),
    st.sampled_from(["", "too many recipients", "relay", "rate limit", "quota", "too large"]),
    st.builds(
        ReplyContext,
        port=st.sampled_from([25, 465, 587]),
        oauth=st.booleans(),
        accepted=st.integers(0, 2),
        all_refused=st.booleans(),
        optional=st.sampled_from([(), ("SIZE",), ("SIZE", "BODY", "DSN")]),
    ),
)
def test_every_reply_means_something_safe(
    stage: Stage, code: int, enhanced: str, text: str, context: ReplyContext
) -> None:
    verdict = classify(stage, Reply(code, enhanced, text), context)
    if verdict.action is Action.UNCERTAIN:
        assert stage is Stage.COMMITTING
    if verdict.action is Action.OK:
        assert code < 400
    elif code < 400 and stage is Stage.COMMITTING:
        assert verdict.action is Action.UNCERTAIN
    if 400 <= code < 500:
        assert verdict.action not in (Action.RECIPIENT, Action.MESSAGE, Action.UNCERTAIN)
    if verdict.action in (Action.ACCOUNT, Action.REAUTH):
        assert verdict.problem is not None
    assert verdict.message or verdict.action is Action.OK
    assert "{" not in verdict.message
    assert (verdict.tries is None) == (verdict.then is None)
    assert bool(verdict.drop) <= bool(context.optional)


@pytest.mark.parametrize("failure", list(Failure))
def test_after_the_dot_every_failure_is_uncertain(failure: Failure) -> None:
    verdict = classify_failure(Stage.COMMITTING, failure)
    assert verdict.action is Action.UNCERTAIN
    assert "may have been delivered" in verdict.message


LOSSES = [
    (Failure.UNKNOWN_HOST, S.CONNECT, A.RETRY, AccountProblem.SERVER, 3),
    (Failure.NO_DNS, S.CONNECT, A.RETRY, None, None),
    (Failure.REFUSED, S.CONNECT, A.RETRY, None, None),
    (Failure.UNREACHABLE, S.CONNECT, A.RETRY, None, None),
    (Failure.TIMEOUT, S.CONNECT, A.RETRY, None, None),
    (Failure.TIMEOUT, S.BODY, A.RETRY, None, None),
    (Failure.RESET, S.RCPT, A.RETRY, None, None),
    (Failure.EOF, S.MAIL, A.RETRY, None, None),
    (Failure.GARBAGE, S.EHLO, A.RETRY, AccountProblem.SERVER, 3),
    (Failure.CERTIFICATE, S.TLS, A.ACCOUNT, AccountProblem.CERTIFICATE, None),
    (Failure.HANDSHAKE, S.TLS, A.RETRY, AccountProblem.SECURITY, 3),
    (Failure.NO_STARTTLS, S.STARTTLS, A.ACCOUNT, AccountProblem.SECURITY, None),
    (Failure.TAMPERED, S.STARTTLS, A.ACCOUNT, AccountProblem.SECURITY, None),
    (Failure.NO_MECHANISM, S.AUTH, A.ACCOUNT, AccountProblem.SIGN_IN, None),
    (Failure.CLEARTEXT, S.AUTH, A.ACCOUNT, AccountProblem.SECURITY, None),
    (Failure.NO_SECRET, S.AUTH, A.ACCOUNT, AccountProblem.SECRET, None),
    (Failure.TOKEN_DELAYED, S.AUTH, A.RETRY, None, None),
    (Failure.TOO_BIG, S.MAIL, A.MESSAGE, None, None),
    (Failure.NO_SMTPUTF8, S.MAIL, A.MESSAGE, None, None),
    (Failure.NO_FUTURE_RELEASE, S.MAIL, A.KEEP, None, None),
    (Failure.BAD_SENDER, S.MAIL, A.MESSAGE, None, None),
    (Failure.BAD_RECIPIENT, S.RCPT, A.RECIPIENT, None, None),
    (Failure.UNREADABLE, S.BODY, A.MESSAGE, None, None),
    (Failure.SOME_REFUSED, S.RCPT, A.MESSAGE, None, None),
    (Failure.NO_COMMAND, S.CONNECT, A.ACCOUNT, AccountProblem.SERVER, None),
]


@pytest.mark.parametrize(("failure", "stage", "action", "trouble", "tries"), LOSSES)
def test_a_failure_before_the_dot(
    failure: Failure, stage: Stage, action: Action, trouble: AccountProblem | None, tries: int | None
) -> None:
    verdict = classify_failure(stage, failure, ReplyContext(host="mx.example"), detail="Because.")
    assert (verdict.action, verdict.problem, verdict.tries) == (action, trouble, tries)
    assert verdict.message.endswith("Because.")
    assert "{" not in verdict.message


def test_every_failure_means_something_before_the_dot() -> None:
    assert {each[0] for each in LOSSES} == set(Failure)
    for failure in Failure:
        for stage in BEFORE_DOT:
            assert classify_failure(stage, failure).action is not Action.UNCERTAIN


def test_the_parameter_the_server_names_is_the_one_to_drop() -> None:
    context = ReplyContext(optional=("SIZE", "BODY", "DSN"))
    assert classify(Stage.MAIL, Reply(555, "", "ENVID not known"), context).drop == "DSN"
    assert classify(Stage.MAIL, Reply(501, "", "bad 8BITMIME"), context).drop == "BODY"
    assert classify(Stage.MAIL, Reply(501, "", "syntax error"), context).drop == "SIZE BODY DSN"


def test_the_words_name_what_the_user_knows() -> None:
    context = ReplyContext(host="mx.example", user="ada", sender="lord@example.org", size_limit=25_000_000)
    assert "25 MB" in classify(Stage.MAIL, Reply(552, "5.3.4", ""), context).message
    assert "ada" in classify(Stage.AUTH, Reply(535, "", ""), context).message
    assert "lord@example.org" in classify(Stage.MAIL, Reply(553, "5.7.1", ""), context).message


def test_limits_of_the_provider_wait_for_their_reset() -> None:
    assert classify(Stage.COMMITTING, Reply(550, "5.4.5", "")).delay == 86400
    assert classify(Stage.MAIL, Reply(550, "5.2.253", "")).delay == 3600
    assert classify(Stage.AUTH, Reply(454, "4.7.0", "Too many login attempts")).delay == 900
    assert classify(Stage.RCPT, Reply(421, "4.3.2", "too many concurrent connections")).delay == 60
