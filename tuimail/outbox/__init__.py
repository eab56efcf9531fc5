"""Step 2: letters that are safe on disk and on their way.

What a letter is       item (states, verbs), letter (its file), rows, notation and schema (its row), digest
What is decided        settle (an attempt), verbs (the user), retry and due (when next), late, wishes, notice; pure
What is stored         store, made of intake, sending, filing, recovery, deciding, rearranging, reports, looking
What keeps it whole    index (the database), lock (who is at work), writer (the one thread), replay and rebuild
What it knows better   evidence (found in Sent), restored and witness (a backup put back), pace (limits learnt)
What does the work     runner (what is due), attempt (one letter); queue is what they ask of the store
"""
