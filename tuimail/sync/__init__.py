"""Brings the cache into step with where mail is kept, and back; joins ``cache``, ``journal`` and ``mailboxes``.

maildir_sync      an account whose mail is in a Maildir
maildir_letters   reads messages of it that the cache lists
mbox_sync         one whose mail is in mbox files, each followed by mbox_file_sync; mbox_letters reads their messages
imap_sync         one whose mail is at an IMAP server (imap_server); each mailbox is followed by imap_mailbox_sync:
                  imap_comparison asks what differs, imap_headers fetches, imap_rows stores; imap_rematch recognises
                  messages by other uids; imap_folders and imap_changes decide, without I/O;
                  imap_listing asks for the list and STATUS;
                  imap_rights stores what may be done there, imap_validity counts how often it is numbered anew
mailbox_sync      what all have; special_folders tells what each folder is for
fulltext_sync     fills the full-text index
muted_threads     what marks new messages of muted threads read
maildir_replay    carries out the journal in that Maildir
imap_replay       carries it out at that IMAP server, one imap_action at a time, in the mailboxes that
                  imap_replay_mailboxes opens: imap_transfer moves and copies, imap_append appends;
                  imap_proof proves what arrived and imap_refusal judges what the server refuses, without I/O
replay_end        how an action ends, and in which words
"""
