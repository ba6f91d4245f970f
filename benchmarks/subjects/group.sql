-- Finds the groups and days of the cost anomaly jobs, and counts their lines: the least that grouping them takes.
SELECT
    BillingAccountId AS customer,
    SubAccountId AS account,
    ServiceName AS service,
    RegionId AS region,
    CAST(ChargePeriodStart AS DATE) AS day,
    count(*) AS lines
FROM line_items
GROUP BY ALL
