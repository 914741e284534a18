"""The HTTP side of leads. Views translate; verbs and queries do."""
