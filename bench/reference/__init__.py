"""The reference job: one full sync of 10,000 customers between two small vendors, beside a loop that only makes the calls.

``python -m bench.reference`` measures it; ``docs/performance.md`` says what it has to be.
"""
