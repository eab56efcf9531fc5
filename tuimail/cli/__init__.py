"""The command line: one file per command."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; ``argv`` defaults to the process's own. Returns a sysexits code."""
    raise NotImplementedError(argv)
