"""The job of `cost_anomalies` and the same answer, with all groups of a shard in one numpy solve.

One step per shard instead of two, no scikit-learn to import, and no Python per group.
"""

from billing_batched import train_and_predict
from billing_load import daily_cost, load_everything
from billing_model import predict, rank_by_money, train
from billing_rules import KEYS
from billing_score import precision_and_recall
from line_items import make_line_items
from profiler import Job, dataset, per_group, per_shard, query, step

job = Job(
    name="cost_anomalies_batched",
    inputs={"line_items": dataset("data/line_items/*.parquet", make=make_line_items)},
    request="customer",
    answer_key=(*KEYS, "day"),
    score=precision_and_recall,
    dollars_per_day=7,
    requests_per_day=3000,
    monolith=[
        step(load_everything, reads="line_items"),
        step(daily_cost, reads="load_everything"),
        per_group(train, reads="daily_cost", by=KEYS),
        per_group(predict, reads=("daily_cost", "train"), by=KEYS),
        step(rank_by_money, reads="predict"),
    ],
    decomposed=[
        query("../sql/cost_anomalies/histories.sql", reads="line_items", shard_by=KEYS, memory_mib=512),
        per_shard(train_and_predict, reads="histories", name="predict"),
        query("../sql/cost_anomalies/rank_by_money.sql", reads="predict", memory_mib=512),
    ],
)
