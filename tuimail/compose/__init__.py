"""Step 1: from a draft to a frozen letter.

draft                  the letter being written; postponed and draft_file keep it on disk
build                  freezes it, with mime, transfer, attachment, content_type and file_name
review                 what is said before it goes
revise                 from a frozen letter back to a draft, by its outline
merge                  one draft over a sheet of people, with template
mailto, justify        help with writing
correspondents         people written to before, for completion; correspondents_database keeps them, correspondent
                       ranks them
"""
