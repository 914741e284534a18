"""Adapters from what sources post to a Submission. One file per format; all pure, all bounded."""
