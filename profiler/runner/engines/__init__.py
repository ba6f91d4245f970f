"""Engines that are not our own threads: any executor, and Dask, with what a run asks of them."""
