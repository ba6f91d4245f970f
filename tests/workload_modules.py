"""The modules of the reference jobs, imported as a sandbox imports them: by their own names, from their own folder."""

from __future__ import annotations

import importlib
import sys

from tests.conftest import ROOT

WORKLOADS = ROOT / "workloads"
SQL = ROOT / "sql"
if str(WORKLOADS) not in sys.path:
    sys.path.append(str(WORKLOADS))

billing_batched = importlib.import_module("billing_batched")
billing_load = importlib.import_module("billing_load")
billing_model = importlib.import_module("billing_model")
billing_rules = importlib.import_module("billing_rules")
billing_score = importlib.import_module("billing_score")
line_items = importlib.import_module("line_items")
metric_model = importlib.import_module("metric_model")
metric_score = importlib.import_module("metric_score")
metrics_data = importlib.import_module("metrics_data")
