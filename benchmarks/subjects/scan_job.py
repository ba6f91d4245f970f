"""Queries to hold the cost anomaly jobs' SQL against, each run for the same memory size as theirs."""

from profiler import Job, dataset, query

QUERIES = [query(f"{name}.sql", reads="line_items", memory_mib=512) for name in ("group", "look", "scan")]

job = Job(
    name="scan",
    inputs={"line_items": dataset("no-file-unless-given.parquet")},
    monolith=QUERIES,
    decomposed=QUERIES,
    answer_key=("customer", "account", "service", "region", "day"),
)
