"""The one channel upwards: a message has come to its end, and the apps above may care what that means for a sale."""

from django.dispatch import Signal

delivery_settled = Signal()
"""Sent inside the transaction that settles the message, with message_id, event (Event), endpoint (Endpoint) and state
(`done` or `exhausted`). A receiver that raises undoes that message's settlement, and the message is sent again when its
lease ends. Replayed messages settle again: receivers change a sale only from the state that they expect."""
