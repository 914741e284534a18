"""Tests of the house itself: what starts it, guards it, and watches it."""
