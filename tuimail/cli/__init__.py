"""The command line: one file per command; only the chosen one is imported.

dispatch     chooses the command and turns its result or error into an exit code and one sentence
parser       argparse with sysexits, suggestions and examples
session      the objects a command works with: config, paths, an engine, the outbox
output       lines, tables, JSON, colours
document     an outbox item as the JSON document of the contract
message_document   a received message and a folder, likewise
outbox_list  an outbox as lines for people
dates        parses and formats times
"""

from tuimail.cli.dispatch import main

__all__ = ["main"]
