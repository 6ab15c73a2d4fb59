"""A plan becomes a Prefect flow. The only room that knows Prefect: it is the clock and the hands, never the brain."""

from lifeloop.flows.compiling import compile_folder

__all__ = ["compile_folder"]
