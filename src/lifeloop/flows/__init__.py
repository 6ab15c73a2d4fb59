"""A plan becomes a Prefect flow. The only room that knows Prefect."""
