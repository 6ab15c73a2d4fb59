"""A plan becomes a Prefect flow. The only room that knows Prefect: it is the clock and the hands, never the brain.

Empty, so that ``manifest`` and ``naming`` are read without Prefect.
"""
