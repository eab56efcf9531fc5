"""What stores need that several processes share.

lock (who is at work, and whether they still live), change_notifier (tells the other processes that something changed),
writer (the one thread of a process that touches a store), batch (calls that share one durable transaction),
request_socket (one process asks another one for something), folder_writing (one process at a time changes the user's
files).
"""
