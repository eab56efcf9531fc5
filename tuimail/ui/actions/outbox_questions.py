"""Actions that ask first: another address, another account, what became of an uncertain letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.errors import OutboxError
from tuimail.mail.text import safe_line
from tuimail.outbox.model.states import RecipientState, Verb, after
from tuimail.ui.actions.targets import act, each, first, letters, only, targets_of, verb_on
from tuimail.ui.text.quoted import quoted
from tuimail.ui.widgets.prompt import Choice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tuimail.engine import Engine
    from tuimail.outbox.model.item import OutboxItem, Outcome
    from tuimail.ui.actions.targets import TakeBack
    from tuimail.ui.protocols import HasLetter


def mend(screen: HasLetter) -> Awaitable[None]:
    """Ask for the right address in place of a refused one, and send to that one only."""
    return _mend(screen, targets_of(screen))


async def _mend(screen: HasLetter, ids: Sequence[str]) -> None:
    item = await only(screen, ids, "Mend")
    after(Verb.MEND, item.state)
    refused = [each.address for each in item.recipients if each.state is RecipientState.REFUSED]
    if not refused:
        raise OutboxError("No address of this letter was refused.", hint="Only a refused address can be corrected.")
    old = refused[0]
    if len(refused) > 1:
        choices = [Choice(str(at), safe_line(address), address) for at, address in enumerate(refused[:9], 1)]
        listed = "  ".join(f"{choice.key} {choice.label}" for choice in choices)
        picked = await screen.prompts.ask_choice(f"Correct which address?  {listed}", choices, default=old)
        if picked is None:
            return
        old = picked
    new = await screen.prompts.ask(
        "Correct the address",
        initial=old,
        help_text="The letter goes to the corrected address only; the others are not served again.",
        complete=screen.program.engine.drafts.complete,
    )
    if new and new.strip() != old:
        await screen.program.engine.outbox.mend(item.id, old, new.strip())
        screen.program.say(f"{quoted(item.subject)} goes to {safe_line(new.strip())} now.")


def change_account(screen: HasLetter) -> Awaitable[None]:
    """Ask which account is to send it; never chosen by the program."""
    return _change_account(screen, targets_of(screen))


async def _change_account(screen: HasLetter, ids: Sequence[str]) -> None:
    item = await first(screen, ids)
    if len(ids) == 1:
        after(Verb.CHANGE_ACCOUNT, item.state)
    names = list(screen.program.engine.config.accounts)
    what = quoted(item.subject) if len(ids) == 1 else letters(len(ids))
    if len(names) > 9:
        wanted = await screen.prompts.ask(f"Send {what} by which account?", complete=_among(names))
    else:
        choices = [Choice(str(at), safe_line(name), name) for at, name in enumerate(names, 1)]
        listed = "  ".join(f"{choice.key} {choice.label}" for choice in choices)
        now = f" Now {safe_line(item.account)}." if len(ids) == 1 else ""
        wanted = await screen.prompts.ask_choice(
            f"Send {what} by which account?{now}  {listed}",
            choices,
            help_text="The letter stays as it is, its From as well, which that account's server may refuse.",
        )
    if not wanted or (len(ids) == 1 and wanted == item.account):
        return
    account = wanted

    async def change(engine: Engine, moved: Sequence[str]) -> Sequence[Outcome]:
        return await each(moved, lambda item_id: engine.outbox.change_account(item_id, account))

    async def back(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> list[Outcome]:
        accounts = {was.id: was.account for was in before}
        return await each(list(accounts), lambda item_id: engine.outbox.change_account(item_id, accounts[item_id]))

    await act(screen, ids, change, one=f"goes by {safe_line(account)}.", many=f"go by {safe_line(account)}", undo=back)


def _among(names: Sequence[str]) -> Callable[[str], Awaitable[Sequence[str]]]:
    async def complete(typed: str) -> Sequence[str]:
        return [name for name in names if name.startswith(typed)]

    return complete


def mark_sent(screen: HasLetter) -> Awaitable[None]:
    """The user knows that it arrived."""
    return _resolve(
        screen, targets_of(screen), Verb.RESOLVE_SENT, "Did {} arrive? Filed as sent then.",
        one="is filed as sent.", many="filed as sent", undo=_unresolve,
    )  # fmt: skip


def send_again(screen: HasLetter) -> Awaitable[None]:
    """Once more, knowing that it may arrive twice."""
    return _resolve(
        screen, targets_of(screen), Verb.RESOLVE_RESEND, "Send {} again? If the first one arrived, it arrives twice.",
        one="goes once more.", many="go once more",
    )  # fmt: skip


async def _unresolve(engine: Engine, before: Sequence[OutboxItem], _outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    return await engine.outbox.apply_many(Verb.UNRESOLVE, [was.id for was in before])


async def _resolve(
    screen: HasLetter,
    ids: Sequence[str],
    verb: Verb,
    question: str,
    *,
    one: str,
    many: str,
    undo: TakeBack | None = None,
) -> None:
    item = await first(screen, ids)
    if len(ids) == 1:
        after(verb, item.state)
    what = quoted(item.subject) if len(ids) == 1 else letters(len(ids))
    if await screen.prompts.ask_yes_no(
        question.format(what), default=False, help_text="Ask the recipient, or look into Sent on the server."
    ):
        await act(screen, ids, verb_on(verb), one=one, many=many, undo=undo)
