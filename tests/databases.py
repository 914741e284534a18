"""Chooses the database of a test run before Django reads its settings: SQLite, or PostgreSQL from a wheel (DB=postgres)."""
