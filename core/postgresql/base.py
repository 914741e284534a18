"""A connection is looked at before each request; asking the server costs a round trip, asking our socket does not."""

import select

from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL


class DatabaseWrapper(PostgreSQL):
    """As Django's. A server that went away has closed the socket, and then there is something to read: its end."""

    def is_usable(self) -> bool:
        """Whether the connection stands; the server is asked only where an idle connection has something to say."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if poll.poll(0) else True
