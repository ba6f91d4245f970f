"""Which measurements behave as they never did? One model per series of a long table: timestamp, value, series.

Made for CloudWatch metrics; any such table will do, Parquet or CSV, with labels (`in_window` or `label`) or without.
"""

from metric_model import detect, load_metrics, measurements, train
from metric_score import precision_and_recall
from metrics_data import make_metrics
from profiler import Job, dataset, per_group, query, step

job = Job(
    name="metric_anomalies",
    inputs={"metrics": dataset("data/metrics/*.parquet", make=make_metrics)},
    request="series",
    answer_key=("series", "timestamp"),
    score=precision_and_recall,
    dollars_per_day=7,
    requests_per_day=3000,
    monolith=[
        step(load_metrics, reads="metrics"),
        step(measurements, reads="load_metrics"),
        per_group(train, reads="measurements", by="series"),
        per_group(detect, reads=("measurements", "train"), by="series"),
    ],
    decomposed=[
        query("../sql/metric_anomalies/measurements.sql", reads="metrics", shard_by="series", memory_mib=512),
        per_group(train, reads="measurements", by="series"),
        per_group(detect, reads=("measurements", "train"), by="series"),
    ],
)
