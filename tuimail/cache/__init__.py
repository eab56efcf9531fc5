"""The cache of received mail: one folder for each account, which may be lost at any time and is filled again.

One process at a time writes it (``writer_lock``), any number of threads and processes read it.
"""
