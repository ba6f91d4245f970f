"""No room, and no permission: told with what could not be written, and nothing is left half written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.place import Place
from tests.object_stores import running_store

FILLS = """
from profiler import Job, step
def fill():
    return bytes(BYTES)
def after(fill):
    return len(fill)
job = Job(name="fills", monolith=[step(fill), step(after, reads="fill")], answer_key="a",
    decomposed=[step(fill), step(after, reads="fill")])
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount a small file system here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_result_that_the_disk_has_no_room_for_is_a_finding(place: Place, small_disk: Path) -> None:
    place.write("job.py", FILLS.replace("BYTES", "3 << 20"))
    ended = place.paredown("run", "job.py", "--variant", "decomposed", "--workspace", str(small_disk / "work"))
    assert ended.code == 1, ended.said
    assert "No space left on device" in ended.out, ended.said
    left = [name for _, _, names in os.walk(small_disk) for name in names]
    assert not [name for name in left if "partial" in name or name.startswith("task")], left


def test_what_goes_to_a_store_takes_room_here_first(place: Place, small_disk: Path) -> None:
    place.write("job.py", FILLS.replace("BYTES", "3 << 20"))
    with running_store("small-disk") as store:
        place.environment |= store.environment | {"XDG_CACHE_HOME": str(small_disk)}
        ended = place.paredown("run", "job.py", "--variant", "decomposed", "--workspace", "s3://small-disk/paredown")
        there = [entry["Key"] for entry in store.client.list_objects_v2(Bucket="small-disk")["Contents"]]
    assert ended.code == 1, ended.said
    said = " ".join(ended.out.split()).replace(" ", "")
    assert f"cannotwriteto{small_disk}/paredown/workspaces/s3-small-disk-paredown-" in said, ended.said
    assert "whatgoestos3://small-disk/paredown/work/fills-" in said, ended.said
    assert "Nospaceleftondevice" in said, ended.said
    assert [name.split("/")[1] for name in there] == ["runs"]
    assert not [name for _, _, names in os.walk(small_disk) for name in names if "partial" in name]


def test_a_query_that_the_disk_has_no_room_for_is_a_finding(place: Place, small_disk: Path) -> None:
    place.table("rows.parquet", "SELECT i FROM range(10) AS t(i)")
    place.write("big.sql", "SELECT md5(n::VARCHAR) AS a FROM rows, range(100000) AS t(n)")
    place.write(
        "job.py",
        "from profiler import Job, dataset, query\nsteps = [query('big.sql', reads='rows', memory_mib=512)]\n"
        "job = Job(name='big', inputs={'rows': dataset('rows.parquet')}, \n"
        "    monolith=steps, decomposed=steps, answer_key='a')\n",
    )
    ended = place.paredown("run", "job.py", "--variant", "decomposed", "--workspace", str(small_disk / "work"))
    assert ended.code == 1, ended.said
    assert "No space left on device" in " ".join(ended.out.split()), ended.said
    assert "job.sql" not in ended.out


def test_a_full_disk_ends_a_run_with_what_and_what_to_do(place: Place, small_disk: Path) -> None:
    fill = small_disk / "fill"
    place.write(
        "job.py",
        "from profiler import Job, step\n"
        f"def one():\n    try:\n        open({str(fill)!r}, 'wb').write(bytes(4 << 20))\n"
        "    except OSError:\n        pass\n"
        "def two():\n    return 2\n"
        "job = Job(name='full', monolith=[step(one), *(step(two, name=f'two {n}') for n in range(20))])\n",
    )
    ended = place.paredown("run", "job.py", "--workspace", str(small_disk / "work"))
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.err
    assert f"cannot write to the run's file {small_disk}/work/runs/full-" in ended.err
    assert "No space left on device" in ended.err
    assert "hint: what was measured before is kept; make room and use --resume" in ended.err
    fill.unlink()
    again = place.paredown("run", "job.py", "--workspace", str(small_disk / "work"), "--resume")
    assert "was written" not in again.err, again.said
    assert again.code in (0, 2), again.said


def test_a_disk_that_is_full_from_the_start_is_told(place: Place, small_disk: Path) -> None:
    place.write("job.py", FILLS.replace("BYTES", "1"))
    with pytest.raises(OSError, match="No space"):
        (small_disk / "fill").write_bytes(bytes(2 << 20))
    ended = place.paredown("run", "job.py", "--workspace", str(small_disk / "work"))
    assert ended.code == 2, ended.said
    assert f"cannot write to the workspace {small_disk}/work: No space left on device" in ended.err
    assert "hint: " in ended.err


def test_a_workspace_below_a_file_is_told(place: Place) -> None:
    place.write("job.py", FILLS.replace("BYTES", "1"))
    place.write("file", "")
    ended = place.paredown("run", "job.py", "--workspace", "file/below")
    assert ended.code == 2, ended.said
    assert f"cannot write to the workspace {place.folder}/file/below: Not a directory" in ended.err


def test_a_script_needs_a_workspace_before_it_runs(place: Place) -> None:
    place.write("train.py", "print('ran')\n")
    place.write("file", "")
    ended = place.paredown("run", "train.py", "--workspace", "file/below")
    assert (ended.code, ended.out) == (2, ""), ended.said


def test_a_report_to_a_full_device_is_trouble(place: Place) -> None:
    place.write("train.py", "print('ran')\n")
    place.paredown("run", "train.py")
    with open("/dev/full", "wb") as full:
        ended = place.start("report", stdout=full).end()
    assert ended.code == 2, ended.said
    assert "No space left on device" in ended.err
    assert "Traceback" not in ended.err


def test_a_workspace_may_have_any_name(place: Place) -> None:
    place.table("rows.parquet", "SELECT i % 3 AS k, i FROM range(10) AS t(i)")
    place.write("q.sql", "SELECT k, sum(i)::BIGINT AS i FROM rows GROUP BY k")
    place.write(
        "job.py",
        "from profiler import Job, dataset, per_group, query\ndef same(rows):\n    return rows\n"
        "steps = [query('q.sql', reads='rows', shard_by='k'), per_group(same, reads='q', by='k')]\n"
        "job = Job(name='named', inputs={'rows': dataset('rows.parquet')}, \n"
        "    monolith=steps, decomposed=steps, answer_key='k')\n",
    )
    name = 'it\'s a "work" größe [1] {2} %s=3'
    ended = place.paredown("run", "job.py", "--workspace", name, "--shards", "2")
    assert ended.code == 0, ended.said
    assert {path.name for path in (place.folder / name).iterdir()} == {".gitignore", "runs", "work"}
    (work,) = [path for path in (place.folder / name / "work").iterdir() if path.name != "planning"]
    assert {path.name for path in work.iterdir()} == {"answers"}
