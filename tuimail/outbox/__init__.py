"""Messages that are safe on disk and on their way to the server.

model/   what a message in the outbox is, and the rules for it; pure, no I/O:
         item (states, recipients, account health), outcome (of an attempt), actions (of the user), backoff and rounds
         (when next), rate_limit, missed_schedule, reorder, turn, account_notice, delivery_options, resulting_state
store/   what is kept on disk, and how
         store             opens an outbox; its parts:
           queries         looking
           enqueue         taking messages in
           schedule        what may be claimed, and when (with due, the conditions in SQL)
           claims          claim, attempt, record
           recovery        leases of processes that died
           user_actions    what the user decides
           account_health  accounts that cannot send, and what ends that
           sent_copies     which copies are filed by whom
           evidence        uncertain messages found in Sent
           bounces         delivery reports
           prune           forgetting
         transaction       one durable change; with rate_limit and server_quirks, which changes call
         open_outbox       what the parts share
         database, schema, rows, codec, listing     the index
         letter_file, journal, fingerprint          the message's own file: the truth from which a lost index is rebuilt
         rebuild, index_check, audit_log, restore_check   damage, and backups that were put back
run/     what does the work: runner (what is due), account_connections and connection, submitter_pool, attempt (one
         message), sent_copy_worker, wakeup, context

run uses store, store uses model, never the other way.
"""
