"""What all variants of the cost anomaly jobs agree on: the keys, the calendar, and what counts as an anomaly."""

KEYS = ("customer", "account", "service", "region")
"""FOCUS: BillingAccountId, SubAccountId, ServiceName, RegionId. A missing one is a value like any other."""

SCORED_DAYS = 28
"""The last days of the data: these are predicted, all days before are history."""

SHORTEST_HISTORY = 28
"""Days of history below which a group is called too short rather than predicted."""

LONGEST_LAG = 14
"""The first days of a history only serve to look back at."""

LAGS = (1, 2, 7, 14)
MEANS = (7, 14)
"""Days over which costs are averaged, up to the day before."""

PENALTY = 1.0
"""Of the ridge regression, on costs divided by the group's usual level."""

SMALLEST_SCALE = 0.03
"""Residuals within 3 % of the usual level are never news, however steady the group was."""

THRESHOLD = 5.0
"""An anomaly lies so many residual scales above its expectation, ..."""

SMALLEST_EXCESS = 1.0
"""... and costs at least so many dollars too much."""

SCORED, TOO_SHORT = "scored", "too short"
