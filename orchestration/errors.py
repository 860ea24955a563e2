"""The kinds of error that the command line says in a sentence instead of a traceback."""


class MusterError(Exception):
    """Something a person can put right; the message says what and how."""

    exit_code = 1


class UnknownNameError(MusterError):
    """A segment, an audience or an entity was asked for that nobody defined."""

    exit_code = 2
