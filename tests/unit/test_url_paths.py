"""Which paths are URLs, and which of them may be kept in a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import profiler
from profiler import mirror
from profiler.cli.measuring import params_of
from profiler.errors import InputError, OutputError, UsageError
from profiler.urls import cleaned, located, workspace_url


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
        ("memory://a.csv", "memory://a.csv: lies in the memory of one process, which no other sees"),
    ],
)
def test_a_url_that_was_meant_otherwise_is_refused(url: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        located(url)


@pytest.mark.parametrize(
    "value",
    ["postgres://me:hidden@host/db", "https://host/x?X-Amz-Signature=hidden", "a, https://hidden@host/x and more"],
)
def test_a_parameter_with_a_secret_is_refused_without_showing_it(value: str) -> None:
    asked: tuple[Callable[[], object], ...] = (
        lambda: params_of((f"source={value}",)),
        lambda: profiler.run("cost_anomalies", params={"source": value}),
    )
    for ask in asked:
        with pytest.raises(InputError, match=r"the parameter 'source': .* would be kept in the run") as refused:
            ask()
        assert "hidden" not in str(refused.value)


def test_other_parameters_are_kept_as_they_are() -> None:
    for value in ("a@b:c", "s3://bucket/key", "key=1&token=2", "abfs://box@account/x", "tcp://host:80"):
        assert params_of((f"a={value}",)) == {"a": value}


def test_text_is_cleaned_of_every_secret_in_it() -> None:
    assert (
        cleaned("a s3://k:hidden@b/c and 'https://h/?sig=hidden&x=1'") == "a s3://***@b/c and 'https://h/?sig=***&x=1'"
    )


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (".paredown", None),
        ("S3://bucket/paredown/", "s3://bucket/paredown"),
        ("s3://bucket", "s3://bucket"),
        ("gs://bucket/a b/c", "gs://bucket/a b/c"),
    ],
)
def test_a_workspace_is_a_folder_or_the_url_of_one(path: str, url: str | None) -> None:
    assert workspace_url(path) == url


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("https://host/paredown", "https://host/paredown, where nothing can be written"),
        ("s3://bucket/runs-*", r"s3://bucket/runs-\*; expected one folder, without any of \* \? \[ \] #"),
        ("s3://me:hidden@bucket/paredown", "holds a user and a password"),
        ("s3:/bucket/paredown", "did you mean s3://bucket/paredown?"),
        ("file:///data/paredown", "expected the path alone, /data/paredown"),
        ("s3:///", "names no bucket; expected one like s3://bucket/paredown"),
        ("memory://bucket/paredown", "lies in the memory of one process, which no other sees; expected a folder or"),
        ("s3:///paredown", "names no bucket; expected one like s3://bucket/paredown"),
    ],
)
def test_what_no_workspace_can_be_is_said(path: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        workspace_url(path)
    assert "hidden" not in str(caught.value)


def test_the_copy_of_a_workspace_has_one_folder_for_each_url_and_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    first, other = mirror.made_for("s3://bucket/a-b"), mirror.made_for("s3://bucket/a/b")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    elsewhere = mirror.made_for("s3://bucket/a-b")
    assert len({first, other, elsewhere}) == 3
    assert [mirror.shown(folder) for folder in (first, other, elsewhere)] == [
        "s3://bucket/a-b",
        "s3://bucket/a/b",
        "s3://bucket/a-b",
    ]
    assert mirror.shown(tmp_path) == str(tmp_path)


def test_a_copy_without_a_place_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="where the copy of s3://bucket/a is kept: Not a directory"):
        mirror.made_for("s3://bucket/a")
