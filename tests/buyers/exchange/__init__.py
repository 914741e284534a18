"""The exchange with buyers: pure tests, without database or network."""
