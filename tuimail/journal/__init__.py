"""What the user did to received mail: durable, in order, undoable, until the mailbox was changed accordingly.

action    an action, its states and which of them may follow; pure
store     the table, one for all accounts
undo      the inverse of an action; pure
"""
