-- Anomalies first, the most expensive on top; to the cent, so that a rounding error cannot change places.
SELECT *, row_number() OVER (ORDER BY round(excess_cost, 2) DESC, customer, account, service, region, day) AS money_rank
FROM predict
WHERE is_anomaly
UNION ALL BY NAME
SELECT *
FROM predict
WHERE NOT is_anomaly
ORDER BY money_rank
