-- Reads the same columns and compares every value of them once.
SELECT
    count(*) AS lines,
    max(BillingAccountId) AS customer,
    max(SubAccountId) AS account,
    max(ServiceName) AS service,
    max(RegionId) AS region,
    max(ChargePeriodStart) AS day,
    max(BilledCost) AS cost,
    max(x_InjectedAnomaly) AS injected
FROM line_items
