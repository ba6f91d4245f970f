"""The child: loads the job, plans, meters itself, runs tasks, compares answers. User code lives here."""
