"""How the people of the demo answer a letter: who, after how long, in what words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class QuoteStyle(Enum):
    """Where somebody puts the letter that is answered."""

    ABOVE = "above"
    """The answer below what it answers."""
    BELOW = "below"
    """The answer first, the whole letter after it."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Manner:
    """The habits of a correspondent. ``{topic}`` in a text is the subject, ``{file}`` the name of an attachment."""

    told: tuple[str, ...]
    """Answers to a letter that asks nothing."""
    asked: tuple[str, ...]
    """Answers to one with a question mark."""
    delay: float = 6.0
    """Seconds until the answer comes."""
    sent_file: str = "Thank you for {file}; it arrived whole."
    """A further sentence where something is attached."""
    quotes: QuoteStyle = QuoteStyle.ABOVE
    afterthought: str = ""
    """A second letter; empty: none."""
    afterthought_delay: float = 15.0
    """Seconds until it comes."""
    automatic: bool = False
    """A program answers (RFC 3834)."""


USUAL = Manner(
    told=("Thank you for your letter. I shall think about it.", "So noted, with pleasure."),
    asked=(
        "A good question. I shall sleep over it and write at length.",
        "Yes, I believe so. Ask Mr Babbage to be sure.",
    ),
    delay=8,
)
"""Of those who have no manner of their own."""

MANNERS = {
    "charles@engines.example": Manner(
        told=(
            "I had the same thought in 1834 and improved on it in 1835. Do go on, though.",
            "Quite. It is all in drawing 86, or would be, if I could find drawing 86.",
        ),
        asked=(
            "Yes, certainly, unless you mean the old design, in which case no.",
            "Pray what do you mean by the question? If the wrong figures are put in, I know the answer.",
        ),
        delay=5,
        quotes=QuoteStyle.BELOW,
        afterthought="I have had a better idea. Please disregard my last letter, and this one when I write again.",
        afterthought_delay=14,
    ),
    "mary@somerville.example": Manner(
        told=("My dear Ada,\n\nhow clearly you put it. I read it to the cat, who agreed.",),
        asked=("My dear Ada,\n\nof course. Come at four; there will be tea, and nobody who needs persuading.",),
    ),
    "clement@lathes.example": Manner(
        told=("Received. 6s 8d for reading it.",),
        asked=("It can be made. It cannot be made cheaply.",),
        delay=4,
        sent_file="{file} is pinned to the wall. I shall measure it before I believe it.",
        quotes=QuoteStyle.NONE,
    ),
    "augustus@ucl.example": Manner(
        told=("It follows.",),
        asked=("Either it does or it does not. I incline to the first.", "Let x be the answer. Then you see it."),
        delay=7,
    ),
    "luigi@torino.example": Manner(
        told=("Carissima Ada,\n\nbellissimo. In Torino they will not believe it until it is in French.",),
        asked=("Carissima Ada,\n\nsì, sì, e ancora sì. The proofs I leave to you.",),
        delay=9,
        quotes=QuoteStyle.BELOW,
        afterthought="P.S. The mailbox is empty again. I have eaten the proofs.",
    ),
    "michael@royal.example": Manner(
        told=("Dear Lady Lovelace,\n\nyou drive me to desperation by your invitations, and I am glad of every one.",),
        asked=("Dear Lady Lovelace,\n\nI do not know, so I shall try it. Pray stand back.",),
    ),
    "press@taylor.example": Manner(
        told=('Madam,\n\n"{topic}" has been given to the compositor, who has sighed.',),
        asked=("Madam,\n\nby Thursday, if the weather is dry and the ink is wet.",),
        sent_file="{file} will be set in Long Primer.",
        quotes=QuoteStyle.NONE,
    ),
    "annabella@milbanke.example": Manner(
        told=("Dear Ada,\n\nI am glad to hear from you. You do not mention whether you have eaten.",),
        asked=("Dear Ada,\n\nask yourself what a sensible person would do, and do that.",),
        delay=10,
    ),
    "billing@acme.example": Manner(
        told=('Your letter "{topic}" has been received and will be read within forty days.',),
        asked=("Your question has been received and will be read within forty days.",),
        delay=3,
        quotes=QuoteStyle.NONE,
        automatic=True,
    ),
}
"""By address."""

SILENT = frozenset(
    {"no-reply@acme.example", "mailer-daemon@demo.example", "tickets@gwr.example", "lectures@royal.example"}
    | {"news@society.example", "board@list.example", "engines@lists.example"}
    | {"ada@analytical.example", "ada@lovelace.example"}
)
"""Who never answers: programs, lists, and the user."""
