"""Which customers, services and regions suddenly cost more than they should? One model per group of a cloud bill.

The monolith is the notebook as it grew: load everything into pandas, group, fit, predict. The decomposed variant moves
the grouping into SQL and calls the very same functions for the groups of each shard.
"""

from billing_load import daily_cost, load_everything
from billing_model import predict, rank_by_money, train
from billing_rules import KEYS
from billing_score import precision_and_recall
from line_items import make_line_items
from profiler import Job, dataset, per_group, query, step

job = Job(
    name="cost_anomalies",
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
        query("../sql/cost_anomalies/daily_cost.sql", reads="line_items", shard_by=KEYS, memory_mib=512),
        per_group(train, reads="daily_cost", by=KEYS),
        per_group(predict, reads=("daily_cost", "train"), by=KEYS),
        query("../sql/cost_anomalies/rank_by_money.sql", reads="predict", memory_mib=512),
    ],
)
