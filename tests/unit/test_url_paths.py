"""Which paths are URLs, and which of them may be kept in a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import profiler
from profiler.cli.main import main
from profiler.errors import InputError, UsageError
from profiler.urls import cleaned, located


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("s3://bucket/a/*.parquet", "s3://bucket/a/*.parquet"),
        ("S3://Bucket/Key", "s3://Bucket/Key"),
        ("s3://bucket/a[0-9].parquet", "s3://bucket/a[0-9].parquet"),
        ("s3://bucket/a?.parquet", "s3://bucket/a?.parquet"),
        ("abfs://container@account.dfs.core.windows.net/a.csv", "abfs://container@account.dfs.core.windows.net/a.csv"),
        ("https://host/a.csv?page=2", "https://host/a.csv?page=2"),
        ("https://host:443/a@b.csv", "https://host:443/a@b.csv"),
        ("s3://bucket/year=202?/key=3/a::b.csv", "s3://bucket/year=202?/key=3/a::b.csv"),
        ("file:///data/a.csv", "/data/a.csv"),
        ("file://localhost/data/a.csv", "/data/a.csv"),
        ("/data/a.csv", None),
        ("data/a:b.csv", None),
        ("odd::name.csv", None),
        ("c:/data/a.csv", None),
    ],
)
def test_a_url_is_kept_as_it_is(path: str, kept: str | None) -> None:
    assert located(path) == kept


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hidden@bucket/a",
        "s3://:hidden@bucket/a",
        "s3://AKIA:hid/hidden/den@bucket/a",
        "https://host/a.csv?X-Amz-Signature=hidden&X-Amz-Date=1",
        "https://host/a.csv?sv=2024&sig=hidden",
        "https://host/a.csv?access_token=hidden",
        "https://host/a.csv?api_key=hidden",
        "https://host/a.csv#token=hidden",
        "https://hidden@host/a.csv",
        "s3:/me:hidden@bucket/a",
        "filecache::s3://me:hidden@bucket/a",
    ],
)
def test_a_url_with_a_secret_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InputError) as refused:
        located(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3:/bucket/a*.csv", "s3: begins a URL only before two slashes; did you mean s3://bucket/a*.csv?"),
        ("S3:bucket/a.csv", "did you mean s3://bucket/a.csv?"),
        ("file:/data/a.csv", "did you mean file:///data/a.csv?"),
        ("file://data/a.csv", "file://data/a.csv: names no file of this disk; expected three slashes, file:///PATH"),
        ("simplecache::s3://bucket/a.csv", "is a chain of filesystems"),
        ("zip://a.csv::/data/a.zip", "is a chain of filesystems"),
        ("zip://a.csv::s3://bucket/a.zip", "is a chain of filesystems"),
    ],
)
def test_a_url_that_was_meant_otherwise_is_refused(url: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        located(url)


def test_text_is_cleaned_of_every_secret_in_it() -> None:
    assert (
        cleaned("a s3://k:hidden@b/c and 'https://h/?sig=hidden&x=1'") == "a s3://***@b/c and 'https://h/?sig=***&x=1'"
    )


@pytest.mark.parametrize(
    "command",
    [
        ["run", "cost_anomalies"],
        ["plan", "cost_anomalies"],
        ["report"],
        ["check"],
        ["compare", "one", "other"],
        ["history"],
        ["runs"],
        ["budget", "--run", "last"],
    ],
    ids=lambda command: command[0],
)
def test_a_workspace_by_url_is_refused_and_no_folder_is_called_like_it(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--workspace", "s3://bucket/paredown"]) == 2
    assert "the workspace is s3://bucket/paredown; expected a folder of this disk" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: profiler.run("cost_anomalies", workspace="s3://bucket/paredown"),
        lambda: profiler.load("last", workspace="s3://bucket/paredown"),
    ],
    ids=["run", "load"],
)
def test_so_it_is_from_python(call: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="expected a folder of this disk"):
        call()
    assert list(tmp_path.iterdir()) == []
