"""What the user did to received mail: durable, in order, undoable, until the mailbox was changed accordingly.

action    an action, its states and which of them may follow; pure
store     the actions of all accounts in their table
database  the connection to its file
after     actions that wait until another one is done
row       an action as a row; pure
decisions what the user decides: tried again, with another folder, dropped
description   an action in words; pure
new_target the folder that something is appended to gets its real name
pruning   what was finished long ago is forgotten
undo      the inverse of an action; pure
letters   the bytes of what is to be appended, in files
marks     messages marked to be deleted
threads   threads broken, linked and muted
"""
