"""The command line: one file per command, and only the chosen one is imported.

dispatch     picks the command, and turns whatever comes of it into an exit code and one sentence
parser       argparse with sysexits, nearest words and examples
session      what a command works on: config, paths, an engine, the outbox
output       lines, tables, JSON; colours only where they are wanted
document     an outbox item as the JSON document of the contract
outbox_list  an outbox as lines for people
moments      times, as written by people and for people
"""

from tuimail.cli.dispatch import main

__all__ = ["main"]
