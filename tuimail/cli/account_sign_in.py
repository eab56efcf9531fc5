"""``tuimail account login`` and ``logout`` of an account that signs in at its provider by OAuth 2."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

from tuimail.accounts.oauth.sign_in import ProviderSignIn, Way, begin, sign_out
from tuimail.accounts.oauth.values import StrayAddressError
from tuimail.cli.output import print_line, print_note
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from tuimail.config.model import Account

TRIES = 3
"""Wrong addresses that may be pasted."""


async def sign_in(account: Account, *, paste: bool, device: bool) -> None:
    """Print the address to open, or the code to type, and wait until the user has signed in.

    Args:
        account: it has ``oauth`` in the config.
        paste: the address where the browser ends is read from standard input; else the browser has to be here.
        device: by a device code.

    Raises:
        SecretError, StorageError: it did not work; the text says why.
    """
    if paste and device:
        raise UsageError("Choose one of --paste and --device.")
    way = Way.DEVICE if device else Way.BROWSER if paste else None
    async with await begin(account, way) as going:
        if going.user_code:
            print_line("Open this address on any machine:")
            print_line(f"  {going.address}")
            print_line(f"and type this code: {going.user_code}")
        else:
            print_line("Open this address in a browser and sign in:")
            print_line(f"  {going.address}")
        if paste:
            await _pasted(going)
        else:
            sys.stdout.flush()
        stored = await going.finish()
    print_line(f"signed in as {account.identity.address}" + ("" if stored else ", until this tuimail ends"))
    if not stored:
        print_note('Nothing was stored: [secrets] store = "memory" in the config.')


async def sign_out_of(account: Account) -> None:
    """Remove what is stored of the sign-in."""
    await sign_out(account)
    print_line(f"removed the sign-in of {account.name}; the provider's own page ends it there")


async def _pasted(going: ProviderSignIn) -> None:
    """Raises StrayAddressError after three addresses that are not that of this sign-in."""
    print_line("The browser ends at an address with http://127.0.0.1 that it cannot open. Paste it here:")
    for left in reversed(range(TRIES)):
        sys.stdout.flush()
        line = await _line()
        if not line:
            raise UsageError("No address was pasted; nothing was stored.")
        try:
            going.paste(line)
        except StrayAddressError as error:
            if not left:
                raise
            print_note(f"{error} {error.hint}")
        else:
            return


async def _line() -> str:
    """A line of standard input, read on a daemon thread: nothing waits for that when the command is interrupted."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def work() -> None:
        try:
            line = sys.stdin.readline().strip()
        except (OSError, ValueError):
            line = ""
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: None if read.done() else read.set_result(line))

    threading.Thread(target=work, name="pasted address", daemon=True).start()
    return await read
