"""The long thread about the drawings of the mill: twelve letters, three branches, quotes within quotes."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.message import NEW, SampleMessage

_FOLDER = "Projects/Engine"

MILL = (
    SampleMessage(
        "mill-1", "clement", 9 * DAY, "The third wheel of the mill",
        "Miss Lovelace,\n\nI have the drawings of the mill before me, all twenty of them. Sheet 7 gives the third wheel"
        " forty teeth; sheet 11 gives it forty-one. I can cut either. I cannot cut both.\n\n"
        "The brass is bought and the lathe is idle, and an idle lathe costs four shillings a day. The questions"
        " are:\n\n"
        "1. Forty, or forty-one?\n2. Does the carry engage before the wheel has settled, or after?\n"
        "3. Is the arbor steel or gun-metal?\n4. Who pays for the wheel that I have cut already?\n\n"
        "I should be glad of an answer by the end of the week.",
        cc=("charles",), folder=_FOLDER, flags="RS", flowed=True,
    ),
    SampleMessage(
        "mill-2", "ada", 8.8 * DAY, "",
        "{quote}\n\nForty. Sheet 11 is a copying error, and I am afraid the copyist was I. As to 2: after, always"
        " after."
        " A wheel that is asked while it moves will say anything.\n\nCharles, would you answer the third? And the"
        " fourth.",
        answers="mill-1", to=("clement",), cc=("charles",), folder="Sent", flowed=True,
    ),
    SampleMessage(
        "mill-3", "charles", 8.5 * DAY, "",
        "{quote}\n\nForty-one was no error. It was an idea. I had not written it down because I thought it obvious:"
        " with one"
        " tooth more than the decimal wheel needs, the warning of the carry comes for nothing. I have explained this to"
        " everybody who would listen, and to two who would not.\n\nThe arbor is steel.",
        answers="mill-2", to=("ada", "clement"), folder=_FOLDER, flags="FRS", flowed=True,
    ),
    SampleMessage(
        "mill-4", "clement", 8.2 * DAY, "",
        "{quote}\n\nThen it is forty-one, and sheet 7 is wrong, and with it 8, 9 and 10. I shall want new sheets,"
        " signed.\n\n"
        "There is still the fourth question.",
        answers="mill-3", to=("charles",), cc=("ada",), folder=_FOLDER, flowed=True,
    ),
    SampleMessage(
        "mill-5", "ada", 8 * DAY, "",
        "Charles,\n\nobvious! I have drawn this wheel nine times. But it is a good idea, so I draw it a tenth time.\n\n"
        "If the warning comes for nothing, the anticipating carriage is a third lighter. May I show Luigi?",
        answers="mill-3", to=("charles",), folder="Sent",
    ),
    SampleMessage(
        "mill-6", "charles", 7.9 * DAY, "",
        "Show him. Show anybody, except gentlemen from the Treasury.",
        answers="mill-5", folder=_FOLDER,
    ),
    SampleMessage(
        "mill-7", "ada", 7 * DAY, "",
        "Dear Luigi,\n\nyou asked for the engine as it is, and here is the engine as it will be. Below is what"
        " Charles says of"
        " the wheel; your paper's section on the carry may want a footnote.\n\n{quote}",
        answers="mill-4", to=("luigi",), cc=("charles",), folder="Sent", flowed=True,
    ),
    SampleMessage(
        "mill-8", "luigi", 6.4 * DAY, "",
        "Carissima Ada,\n\na footnote will not do; it wants a page. In Turin the printer is patient and the engineers"
        " are not:"
        " they ask whether the forty-first tooth wears. Does it?\n\n{quote}\n\nI leave the whole below, so that"
        " nobody says I"
        " have cut something.",
        answers="mill-7", cc=("charles", "clement"), folder=_FOLDER, flags="RS", flowed=True,
    ),
    SampleMessage(
        "mill-9", "clement", 5.9 * DAY, "",
        "Everything wears, sir. The forty-first wears first. I have hardened it.",
        answers="mill-8", to=("luigi",), cc=("ada", "charles"), folder=_FOLDER,
    ),
    SampleMessage(
        "mill-10", "ada", 5 * DAY, "",
        "{quote}\n\nThere is your footnote, Luigi: \"The forty-first is hardened.\" Mr Clement says in a line what"
        " takes us a"
        " page.",
        answers="mill-8", to=("luigi",), cc=("clement",), folder="Sent", flowed=True,
    ),
    SampleMessage(
        "mill-11", "charles", 2 * DAY, "",
        "{quote}\n\nI am told that I am the last to answer. I was in court about the organ grinders. We won; they play"
        " louder.\n\nThe wheel turns. I have turned it myself, a hundred times by hand, and the carry came a hundred"
        " times. Come and see it before I improve it.",
        answers="mill-10", cc=("clement", "luigi"), folder=_FOLDER, flags="F", flowed=True,
    ),
    SampleMessage(
        "mill-12", "clement", 3 * HOUR, "",
        "Before he improves it, please. And the fourth question:\n\n    To one wheel of 40 teeth, cut and not used  "
        " £1 11s 6d",
        answers="mill-11", cc=("charles",), folder=_FOLDER, flags=NEW,
    ),
)  # fmt: skip
