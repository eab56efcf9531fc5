"""Messages that are safe on disk and on their way to the server.

model/   what a message in the outbox is, and what is decided about it; pure, no I/O:
         item (states, recipients, accounts), outcome (of an attempt), actions (of the user), backoff and rounds (when
         next), missed_schedule, reorder, turn, account_notice, delivery_options
store/   what is kept on disk, and how: database, schema, rows, codec, letter_file and journal (the truth from which
         a lost database is rebuilt), rebuild, open_outbox, enqueue, fingerprint, due, claims, recovery, user_actions,
         rescheduling, sent_copies, evidence, bounces, rate_limit, server_quirks, audit_log and restore_check (a backup
         put back), queries, listing
run/     what does the work: runner (what is due), connections (of one account), submitter_pool, attempt (one message),
         sent_copy_worker, wakeup

run uses store, store uses model, never the other way.
"""
