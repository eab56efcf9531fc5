"""The outbox on disk: letters in files, a database beside them."""
