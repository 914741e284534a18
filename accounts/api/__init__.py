"""What every view of the API stands on, and the views of keys, limits and the audit trail."""
