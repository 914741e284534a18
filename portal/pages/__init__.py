"""The pages at /agency/. Each asks `portal.access` who is looking, calls one query, and renders."""
