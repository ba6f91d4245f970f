"""The child: loads the job, plans, meters itself, runs tasks, compares answers. pandas, DuckDB and user code live here."""
