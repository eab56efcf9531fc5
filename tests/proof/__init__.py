"""The proof that nothing is lost and nothing is doubled: rigs that break the program on purpose, and their figures.

``python -m tests.proof`` runs every rig at its full size and writes the table "How safe is it" of the README;
``python -m tests.proof NAME... --quick`` runs some of them small and only prints. The default test run has all of them
small, ``pytest -m slow`` at full size.

What a rig is         figure (what it came to), one file per rig, ``__main__`` (the command), table (the README's)
What rigs are made of household (a user and the real program, forked), witness (a server that remembers every letter),
                      life (one letter from "send" to the end, and the reckoning), faketime, straced, workers

The rigs know the program from outside: its command line, its exit codes, its JSON, what a server got. Only those that
need a finer knife (protocol, clocks, model, damage) take hold of the queue itself.
"""
