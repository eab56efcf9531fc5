"""Friends and family: a dinner that grows, the theatre, letters to the account at home."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR, MINUTE
from tuimail.demo.letters.message import NEW, SampleMessage

_HOME = ("ada-home",)

FAMILY = (
    SampleMessage(
        "dinner-1", "mary", 6 * DAY, "Dinner on the 5th",
        "Dear all,\n\neight at table, at seven, in Hanover Square. No shop before the fish.",
        to=("ada", "charles", "augustus"), cc=("wheatstone", "crosse"), flags="RS",
    ),
    SampleMessage(
        "dinner-2", "charles", 5.9 * DAY, "",
        "With pleasure. What counts as shop?",
        answers="dinner-1", to=("mary",), cc=("ada", "augustus", "wheatstone", "crosse"),
    ),
    SampleMessage(
        "dinner-3", "wheatstone", 5.8 * DAY, "",
        "I shall play the concertina if asked, and also if not.",
        answers="dinner-1", to=("mary",), cc=("ada", "charles", "augustus", "crosse"),
    ),
    SampleMessage(
        "dinner-4", "ada", 5.7 * DAY, "",
        "{quote}\n\nWheels, cards, and the Treasury. Comets are conversation.",
        answers="dinner-2", to=("charles",), cc=("mary",), folder="Sent",
    ),
    SampleMessage(
        "dinner-5", "mary", 5.6 * DAY, "",
        "{quote}\n\nComets are shop in this house. But I allow them.",
        answers="dinner-4", cc=("charles",),
    ),
    SampleMessage(
        "dinner-6", "crosse", 5.5 * DAY, "",
        "May I bring a small electrical apparatus? It only bangs once.",
        answers="dinner-3", to=("mary",), cc=("ada", "charles", "augustus", "wheatstone"), flags="",
    ),
    SampleMessage(
        "theatre-1", "mary", 2.2 * DAY, "Saturday?",
        "My dear Ada,\n\nthey give \"The Lady of Lyons\" on Saturday. You need it more than I do.",
        to=_HOME, account="home", flags="RS",
    ),
    SampleMessage(
        "theatre-2", "ada-home", 2.1 * DAY, "",
        "Dear Mary,\n\ngladly. Is there an equation in it?",
        answers="theatre-1", to=("mary",), account="home", folder="Sent",
    ),
    SampleMessage(
        "theatre-3", "mary", 2 * DAY, "",
        "One, with two unknowns. It is solved in the fifth act. 🎭",
        answers="theatre-2", to=_HOME, account="home",
    ),
    SampleMessage(
        "theatre-4", "mary", 50 * MINUTE, "",
        "Have you got the tickets? I ask because you once bought them for the year before.",
        answers="theatre-2", to=_HOME, account="home", flags=NEW,
    ),
    SampleMessage(
        "pony", "william", 4 * DAY, "The pony",
        "My dear bird,\n\nthe children have named the pony Difference. It does not subtract so well as your engine:"
        " we still"
        " have all the carrots it was meant to leave.\n\nCome home on Friday.",
        to=_HOME, account="home", flags="FS",
    ),
    SampleMessage(
        "mathematics", "annabella", 15 * DAY, "Your studies",
        "Dear Ada,\n\nI hear of cards, wheels and dinners. I do not hear of sleep.\n\nYour affectionate mother",
        to=_HOME, account="home", folder="Archive",
    ),
    SampleMessage(
        "christmas", "dickens", 30 * DAY, "A little book for Christmas",
        "My dear Countess,\n\nI have a ghost or four in hand, and want somebody to tell me honestly whether the"
        " arithmetic of"
        " Mr Scrooge holds. You would oblige me extremely.",
        to=_HOME, account="home", folder="Archive", flags="S",
    ),
    SampleMessage(
        "statistics", "florence", 3.3 * DAY, "A diagram in the shape of a rose",
        "Dear Ada,\n\nI have made a diagram that even a minister can understand. May I show you, before I show the"
        " minister?\n\n"
        "The red wedges are wounds, the blue ones drains.",
        flags="",
    ),
    SampleMessage(
        "comet", "caroline", 22 * DAY, "Another comet",
        "Dear Lady Lovelace,\n\nthat makes eight. I swept from nine until four; there was ice on the ink.",
        folder="Archive", flags="S",
    ),
    SampleMessage(
        "cape", "john", 26 * DAY, "From the Cape",
        "Dear Ada,\n\nthe southern sky is unreasonably full. I have counted seventy thousand stars and begin to see"
        " the use of"
        " Babbage's machine.\n\nThe baboons have stolen my gloves again.",
        folder="Archive", flags="FS",
    ),
    SampleMessage(
        "coach", "coach", 3 * HOUR, "Your journey to Ashley Combe",
        "Paddington dep. 10.15, Bridgwater arr. 2.50\nOne lady, first class, facing the engine (the other engine).",
        to=_HOME, account="home", flags="",
    ),
)  # fmt: skip
