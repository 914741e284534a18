"""What every HTTP answer of the API has in common: problems, JSON, pages."""
