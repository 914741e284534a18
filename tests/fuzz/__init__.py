"""Random requests against the real server, made from the API's own description."""
