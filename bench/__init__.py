"""How fast a posted lead becomes a durable sale, beside what the same PostgreSQL can do: `python -m bench`.

Absolute figures say more about the machine than about the product; the ratio of two interleaved runs does not.
See docs/benchmarks.md.
"""
