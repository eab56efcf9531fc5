"""Step 1: from a draft to a frozen letter.

draft                  the letter being written; draft_store and draft_file keep it on disk; draft_letter
                       makes it a message for a folder of drafts
build                  freezes it, with mime, transfer, attachment, content_type and file_name
review                 checks it before it is sent
answer, forward        a draft that answers or forwards a received message, with quote and unpack
resend                 a received message sent on as it is
revise                 turns a frozen letter back into a draft, with abridge
merge                  one letter for each row of a csv_table, with template
letter_text            a frozen letter as its receiver sees it
mailto, justify        helpers for writing
correspondents         earlier recipients, for completion; correspondents_database stores them, correspondent ranks them
"""
