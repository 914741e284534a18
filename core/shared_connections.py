"""The database connections of a process that has more threads than work: as many as work at once, not one per thread.

Django gives every thread a connection of its own. Threads that wait for somebody outside need none meanwhile, and those
that come back may take any. The one used last goes first: what PostgreSQL keeps per session (plans, catalogues, pages
of memory) is then warm, and the sessions of a quiet hour stay few.
"""

from collections import deque

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class SharedConnections:
    """Lends a connection to the thread that takes one, until it gives it back. No call waits."""

    def __init__(self) -> None:
        self._idle: deque[BaseDatabaseWrapper] = deque()  # its ends are safe to use by many threads

    def take(self) -> None:
        """Let the calling thread use a connection that is idle; where none is, Django opens one when it is needed."""
        try:
            connections[DEFAULT_DB_ALIAS] = self._idle.pop()
        except IndexError:
            connections[DEFAULT_DB_ALIAS].inc_thread_sharing()

    def give_back(self) -> None:
        """Part the calling thread from its connection. One with a transaction still open is closed and forgotten.

        One that failed or is too old is closed, as Django does around each request: its handlers are not needed.
        """
        lent = connections[DEFAULT_DB_ALIAS]
        del connections[DEFAULT_DB_ALIAS]
        lent.close_if_unusable_or_obsolete()
        if lent.in_atomic_block:
            lent.close()
        else:
            self._idle.append(lent)
