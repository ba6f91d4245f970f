-- Every number, as it is.
SELECT number FROM numbers
