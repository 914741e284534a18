"""Chooses the database of a test run before Django reads its settings."""
