"""The composition root: Config -> drafts, outbox, submitters, runner, filer.

facade         the Engine that the two faces see: made of its parts, it starts and stops them. The parts are
  outbox         engine.outbox: letters on their way, what the user decides about them, sending now
  drafts         engine.drafts: letters being written, their review, into the outbox, completion of addresses
  answers        engine.answers: drafts that reply to received messages or forward them, resending one
  sent           engine.sent: letters that went out, their copies and delivery reports, uncertain ones looked for
  accounts       engine.accounts: whether each service of an account works
What they are given:
  store_handle   a store, and the thread that it is used on; open_stores makes the stores
  runner_handle  the runner while there is one; announces changes and wakes it
  configured_accounts   from an account's name to its identity, submitter and secrets
  sent_folders   where the accounts keep copies of sent letters
  answered_flags what accepted letters do to received mail through the journal: the flag of what they answer, and
                 the draft that they were
  draft_copies   postponed drafts in the folder for drafts: put there, replaced, deleted, compared
  letter_copies  those of letters that are deleted from the outbox, or put back
What happens to one letter:
  revise_letter  out of the outbox as a draft, and back
  letter_content its exact bytes
  export         as a file of the user's
  evidence       looked for in Sent when it is uncertain whether it went
  bounce_notices what the user is told of its delivery report
Another config while it runs:
  reconfiguring  what differs is told to the parts; configured_accounts and mail_accounts hold what may be replaced
Received mail:
  mail           engine.mail: folders, indexes, messages, and what the user does to them, beside the screens
  mail_account   the thread of one account; account_work is what it does: syncs its mailbox, carries out the journal,
                 and writes its cache (account_cache)
  account_requests   what other processes ask of it over a private socket: a look now, a message of the server
  work_problems  what went wrong with the work of such a thread
  mail_accounts  the accounts whose mail is read, for all threads
  mail_reader    the thread that reads all caches (opened_mail): makes indexes (mail_index), and index_search looks
                 through them on its thread (reader_handle)
  mail_news      what the threads have to tell, on the event loop
  mail_transfer  engine.mail.transfer: moving and copying to other accounts, as transfer_plan has it
  mail_threads   engine.mail.threads: threads broken, linked and muted, as thread_plans plans it
  received_reports  delivery reports among the received messages, given to engine.sent
  mail_journal   engine.mail.journal: what is still to be done, and what was refused, which the user decides about
                 (decision_work)
  journal_pruning  the journal forgets what was finished long ago
  mail_search    the threads that search: within an index, through several folders (wide_search), and at servers for
                 texts that are not here (server_search), which find what server_hits remembers
  searches       engine.searches: those that the user saved
  received_mail  the mail of one account as commands read it, without an Engine; searched by message_search
  message_change a message that the user named, and what is done to it
  mail_actions   changes of messages: planned, allowed by folder_rights, stored in the journal, carried out
  mail_source    where an account's mail is: in a Maildir, or in mbox files, which are only read
  received_bytes one received message, wherever it is kept
given_secrets      what waited for a password goes on when the user has typed it
service_recovery   sending is tried when reading works again, and the other way round
wake_events    what wakes the outbox from outside: other processes, the network, the end of a machine's sleep
"""

from tuimail.engine.facade import Engine

__all__ = ["Engine"]
