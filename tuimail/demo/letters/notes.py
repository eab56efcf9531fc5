"""Letters around the Notes: Bernoulli's numbers, the proofs, the lunch and the lecture of the sample outbox."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR, MINUTE
from tuimail.demo.letters.files import pdf
from tuimail.demo.letters.message import NEW, SampleMessage
from tuimail.demo.letters.parts import attached, multipart, text_part


def _proofs(text: str, _now: float) -> bytes:
    lines = ("B1 = 1/6", "B3 = -1/30", "B5 = 1/42", "B7 = -1/30, to be computed by the engine")
    return multipart("mixed", text_part(text), attached("application/pdf", "note-g.pdf", pdf("Note G", lines)))


NOTES = (
    SampleMessage(
        "bernoulli-1", "ada", 12 * DAY, "The numbers of Bernoulli",
        "Dear Mr De Morgan,\n\nI want to put in something about Bernoulli's numbers, as an example of how an implicit"
        " function"
        " may be worked out by the engine without having been worked out by head and hands first.\n\n"
        "Is the eighth equation of your paper safe to build on?",
        to=("augustus",), cc=("charles",), folder="Sent",
    ),
    SampleMessage(
        "bernoulli-2", "augustus", 11.7 * DAY, "",
        "{quote}\n\nIt is safe if you begin at the right end. Many have begun at the other.\n\n"
        "I see no reason why a machine should not do what so many of my students cannot.",
        answers="bernoulli-1", flags="RS",
    ),
    SampleMessage(
        "bernoulli-3", "ada", 11.2 * DAY, "",
        "Which is the right end?",
        answers="bernoulli-2", to=("augustus",), folder="Sent",
    ),
    SampleMessage(
        "bernoulli-4", "augustus", 11 * DAY, "",
        "The one with B1.",
        answers="bernoulli-3",
    ),
    SampleMessage(
        "bernoulli-5", "charles", 10.5 * DAY, "",
        "{quote}\n\nI offered to work out the algebra myself, to save Lady Lovelace the trouble, and made a grave"
        " mistake,"
        " which she found and sent back. I mention it before she does.",
        answers="bernoulli-1", to=("augustus",), cc=("ada",), flags="FS",
    ),
    SampleMessage(
        "bernoulli-6", "ada", 10.3 * DAY, "",
        "I should never have mentioned it.\n\n(In the second line, the sign of the third term.)",
        answers="bernoulli-5", to=("charles",), cc=("augustus",), folder="Sent",
    ),
    SampleMessage(
        "bernoulli-7", "augustus", 10 * DAY, "",
        "I have shown this exchange to my class as an example of a proof that is short, complete and devastating.",
        answers="bernoulli-6", cc=("charles",),
    ),
    SampleMessage(
        "proofs-1", "press", 4 * DAY, "Proofs of the translation, sheets A to D",
        "Madam,\n\nherewith the proofs. Our compositor begs to remark that the table of Note G does not fit the page"
        " in any"
        " type that can be read.\n\nHe has set it sideways and hopes that this is mathematics.",
        flags="RS", body=_proofs,
    ),
    SampleMessage(
        "proofs-2", "ada", 3.8 * DAY, "",
        "Gentlemen,\n\nsideways is right. The numerator in line 4 is upside down, though, which is a different thing.",
        answers="proofs-1", to=("press",), folder="Sent",
    ),
    SampleMessage(
        "proofs-3", "press", 3.5 * DAY, "",
        "{quote}\n\nThe numerator has been turned. The compositor has been given a day of rest.",
        answers="proofs-2",
    ),
    SampleMessage(
        "proofs-4", "press", 2.5 * HOUR, "Re: Corrected proofs",
        "Madam,\n\nreceived and locked up in the forme. Shall the name stand on the title, or A. A. L. as before?",
        answers="corrected-proofs", flags=NEW,
    ),
    SampleMessage(
        "lunch-2", "charles", 1.9 * DAY, "Re: Lunch on Thursday?",
        "Dear Ada,\n\nat one. I shall bring the plans, you bring the patience.",
        answers="lunch-on-thursday", flags="RS",
    ),
    SampleMessage(
        "lunch-3", "ada", 1.8 * DAY, "",
        "The patience is ordered, but Mr Clement cannot say when it will be ready.",
        answers="lunch-2", to=("charles",), folder="Sent",
    ),
    SampleMessage(
        "grant-2", "pat", 20 * MINUTE, "Re: Grant renewal",
        "Dear Ada,\n\nreceived, thank you. Kim and Lee have left us for the railways, so their addresses no longer"
        " work; write"
        " to me alone, or to kim@fund.example.\n\nAbout the brass: how much is \"more\"?",
        answers="grant-renewal", flags=NEW,
    ),
    SampleMessage(
        "lecture-1", "michael", 1.2 * DAY, "Friday Evening Discourse: a seat for you",
        "Dear Lady Lovelace,\n\nI hear from Mary Somerville that you may honour us on Friday. There is always a seat,"
        " though it"
        " is next to the large magnet: please leave your watch at home.",
        flags="",
    ),
    SampleMessage(
        "loops-1", "charles", 5 * HOUR, "Cards, turned back",
        "Ada,\n\nyou said on the stairs: if the cards could be turned back upon themselves. I have not slept since."
        " How far"
        " back? And who tells them when to stop?",
        flags="F",
    ),
)  # fmt: skip
