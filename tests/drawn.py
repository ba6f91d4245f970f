"""The samples as reports with their pictures, drawn once for all tests of a process: drawing is what takes time."""

from __future__ import annotations

from functools import cache

from profiler.report.page.chart import Chart
from profiler.report.page.charts import charts_of
from profiler.report.page.rendering import page_of
from profiler.report.shape import Report
from tests.curves import with_samples
from tests.reports import a_report
from tests.sample_runs import SAMPLES

AS_FITS = ("other_answer", "two_hosts", "on_s3", "in_a_store")
"""Samples that used what `fits` used, so that their pictures are the same."""
DRAWN = tuple(name for name in SAMPLES if name not in AS_FITS)


@cache
def report_of(name: str) -> Report:
    """A sample's report, with samples of its memory."""
    return a_report(with_samples(SAMPLES[name]()))


@cache
def pictures_of(name: str) -> tuple[Chart, ...]:
    """Its pictures, in the order of the page."""
    return pictures_of("fits") if name in AS_FITS else charts_of(report_of(name))


@cache
def sample_page(name: str) -> str:
    """Its page."""
    return page_of(report_of(name), pictures_of(name))
