-- Reads the columns that the cost anomaly jobs need, whole, and does nothing with them: the first value of each comes out.
SELECT
    count(*) AS lines,
    any_value(BillingAccountId) AS customer,
    any_value(SubAccountId) AS account,
    any_value(ServiceName) AS service,
    any_value(RegionId) AS region,
    any_value(ChargePeriodStart) AS day,
    any_value(BilledCost) AS cost,
    any_value(x_InjectedAnomaly) AS injected
FROM line_items
