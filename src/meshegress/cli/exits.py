"""The exit codes of the command."""

OK = 0
FAILED = 1  # something that was asked for does not hold
BAD_INPUT = 2
INTERRUPTED = 130  # what a shell reports for a process that ctrl-C ended
