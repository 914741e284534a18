"""What may be sent to change the configuration: checked once here for JSON, bulk changes and CSV alike."""
