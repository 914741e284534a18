"""The demo agency: what it trades, with whom, and the leads it gets. Documents are written as the API takes them."""
