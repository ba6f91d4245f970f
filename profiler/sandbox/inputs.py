"""The job's inputs: found, read as far as their headers, or to be made; and the parameters that make them."""

from __future__ import annotations

import glob
import hashlib
import inspect
import json
import os
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from profiler.declare import Dataset, Job
from profiler.errors import InputError
from profiler.model import InputFiles
from profiler.sandbox import frames, leaving, loading
from profiler.sandbox.remote import Remote
from profiler.urls import is_url, located, scheme_of
from profiler.work import MakeInput, MakePlan


def parameters(
    job: Job, given: dict[str, str], brought: dict[str, tuple[str, ...]]
) -> tuple[dict[str, Any], list[str]]:
    """The job's parameters, as its `make` functions declare them and the command line changes them."""
    known: dict[str, tuple[Any, str]] = {}
    for name, item in _datasets(job).items():
        for parameter in _keyword_only(item):
            known[parameter.name] = (parameter.default, name)
    values, problems = {name: default for name, (default, _) in known.items()}, []
    for name, text in given.items():
        if name not in known:
            problems.append(f"{job.name}: there is no parameter {name!r}; {_near(name, known)}")
        elif known[name][1] in brought:
            problems.append(
                f"{job.name}: parameter {name!r} makes the input {known[name][1]!r}, which --input brings already"
            )
        else:
            try:
                values[name] = _convert(text, known[name][0])
            except ValueError:
                kind = type(known[name][0]).__name__
                problems.append(f"{job.name}: parameter {name!r} is {text!r}; expected a value of type {kind}")
    problems += [
        f"{job.name}: there is no input {name!r} to bring; {_near(name, job.inputs)}"
        for name in brought
        if name not in job.inputs
    ]
    required = [name for name, value in values.items() if value is inspect.Parameter.empty]
    problems += [f"{job.name}: parameter {name!r} has no default; give it with --param" for name in required]
    return {name: value for name, value in values.items() if name not in required}, problems


def _datasets(job: Job) -> dict[str, Dataset]:
    return {name: item for name, item in job.inputs.items() if isinstance(item, Dataset)}


def _keyword_only(item: Dataset) -> list[inspect.Parameter]:
    if item.make is None or not callable(item.make):
        return []
    parameters = inspect.signature(item.make).parameters.values()
    return [parameter for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]


def _near(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=3)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known) or 'none'}"


def _convert(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]
    if isinstance(default, int):
        return int(text.replace("_", ""))
    return float(text) if isinstance(default, float) else text


def find(
    job: Job, order: MakePlan, params: dict[str, Any], remote: Remote
) -> tuple[dict[str, InputFiles], list[MakeInput], list[str]]:
    """Find every input's files, or how to make them; `remote` gets to know those behind URLs."""
    found: dict[str, InputFiles] = {}
    to_make: list[MakeInput] = []
    problems: list[str] = []
    folder = os.path.dirname(order.file)
    for name, item in _datasets(job).items():
        where = f"{job.name}: input {name!r}"
        try:
            patterns = order.inputs.get(name) or tuple(map(str, item.paths))
            paths, missing = expand([located(path) or os.path.join(folder, path) for path in patterns], remote)
            made = not paths and item.make is not None and name not in order.inputs
            making = _making(name, item, order, params) if made else None
            paths = _made(making.target, remote) if making else paths
        except InputError as error:
            problems.append(f"{where}: {error.message}")
            continue
        if making:
            if not paths:
                to_make.append(making)
                found[name] = InputFiles(name=name, paths=(), total_bytes=0, rows=None, fingerprint="", made=True)
                continue
        elif missing:
            problems += [f"{where}: {complaint}" for complaint in missing]
            continue
        paths, rows, complaints = inspect_files(paths, remote)
        problems += [f"{where}: {complaint}" for complaint in complaints]
        if not complaints:
            found[name] = described(name, paths, rows, remote, made=made)
    return found, to_make, problems


def expand(patterns: Sequence[str], remote: Remote) -> tuple[tuple[str, ...], list[str]]:
    """Files that paths, globs and URLs name, in order; and what is wrong with each that names none.

    Raises:
        InputError: If a store cannot be asked, or says no.
    """
    paths: list[str] = []
    missing: list[str] = []
    for pattern in patterns:
        if is_url(pattern):
            matched, complaint = remote.expand(pattern)
        elif os.path.isdir(pattern):
            matched = [
                file for file in sorted(glob.glob(os.path.join(glob.escape(pattern), "*"))) if os.path.isfile(file)
            ]
            complaint = f"the folder {pattern} holds no file"
        elif os.path.isfile(pattern):
            matched, complaint = [pattern], ""
        elif glob.has_magic(pattern):
            matched = sorted(path for path in glob.glob(pattern, recursive=True) if not os.path.isdir(path))
            complaint = f"{pattern} matches no file"
        else:
            matched, complaint = [], f"there is no file {pattern}"
        paths += matched
        missing += [] if matched else [complaint]
    return tuple(dict.fromkeys(path if is_url(path) else os.path.abspath(path) for path in paths)), missing


def _making(name: str, item: Dataset, order: MakePlan, params: dict[str, Any]) -> MakeInput:
    """How to make an input. Its folder is named by what makes it, so jobs that make the same data share them."""
    reference = loading.reference_to(item.make, order.file)  # type: ignore[arg-type]
    own = {parameter.name: params[parameter.name] for parameter in _keyword_only(item) if parameter.name in params}
    with open(reference.file, "rb") as file:
        recipe = file.read() + json.dumps(own, sort_keys=True, default=str).encode()
    key = hashlib.sha256(recipe).hexdigest()[:12]
    safe = "".join(character if character.isalnum() or character in "-_" else "_" for character in name)
    return MakeInput(name=name, function=reference, params=own, target=os.path.join(order.data_folder, f"{safe}-{key}"))


def is_made(name: str) -> bool:
    """Whether a file of this name, in a folder that `make` has filled, holds data: no hidden one does, as in a glob."""
    return not name.startswith(".") and name != leaving.WHOLE


def _made(target: str, remote: Remote) -> tuple[str, ...]:
    """The files of an input that was made before; none where it was not, or not to its end."""
    if is_url(target):
        paths, _ = remote.expand(target)  # As their store calls them: of s3a:// as s3://.
        if not leaving.is_whole(map(os.path.basename, paths)):
            return ()
    else:
        paths = sorted(glob.glob(os.path.join(glob.escape(target), "*")))
    return tuple(path for path in paths if is_made(os.path.basename(path)))


def described(name: str, paths: tuple[str, ...], rows: int | None, remote: Remote, *, made: bool) -> InputFiles:
    """Describe the files of an input, so that another file in the place of one is seen."""
    digest = hashlib.sha256()
    total = 0
    for path in paths:
        file = remote.files.get(path)
        status = None if file else os.stat(path)
        size, mark = (file.size, file.mark) if file else (status.st_size, status.st_mtime_ns)  # type: ignore[union-attr]
        total += size
        digest.update(os.fsencode(f"{path}\0{size}\0{mark}\n"))
    return InputFiles(
        name=name,
        paths=paths,
        total_bytes=total,
        rows=rows,
        fingerprint=digest.hexdigest(),
        made=made,
        sizes=remote.sizes(paths),
    )


def inspect_files(paths: tuple[str, ...], remote: Remote) -> tuple[tuple[str, ...], int | None, list[str]]:
    """The files that hold rows; how many rows, where the files say; and what is wrong: broken, empty, in disguise.

    A file without a row is left out: a CSV with a header alone would have columns without types.
    """
    import duckdb

    complaints = _apart(paths) or remote.fetch(paths)
    if complaints:
        return (), None, complaints
    rows: int | None = 0
    kept = []
    with frames.connect(threads=1) as connection:
        for path in map(remote.local, paths):
            complaint = _disguise(path)
            if complaint:
                complaints.append(complaint)
                continue
            try:
                if frames.is_csv(path):
                    some = connection.execute(f"SELECT 1 FROM {frames.scan([path])} LIMIT 1").fetchall()
                    rows = None if some else rows
                    kept += [path] if some else []
                    continue
                source = f"parquet_file_metadata({frames.literal(path)})"
                (count,) = connection.execute(f"SELECT sum(num_rows)::BIGINT FROM {source}").fetchone()
                rows = None if rows is None else rows + count
                kept += [path] if count else []
            except duckdb.Error as error:
                complaints.append(f"{path}: cannot be read: {str(error).strip().splitlines()[0]}")
        if not complaints:
            complaints += _all_together(connection, tuple(kept)) if kept else []
    if not complaints and rows == 0:
        complaints.append(f"{', '.join(paths[:3])}: holds no row")
    looked_at = set(kept)
    kept_paths = tuple(path for path in paths if remote.local(path) in looked_at)
    return kept_paths, rows, [remote.named(complaint) for complaint in complaints]


def _apart(paths: tuple[str, ...]) -> list[str]:
    """What is wrong with files that do not lie in one place."""
    schemes = sorted({scheme_of(path) for path in paths})
    if len(schemes) < 2:
        return []
    places = [f"files of {scheme}://" if scheme else "files of this disk" for scheme in schemes]
    return [f"holds {' and '.join(places)} together; expected one place, or an input for each"]


def _all_together(connection: Any, paths: tuple[str, ...]) -> list[str]:
    import duckdb

    kinds = {frames.is_csv(path) for path in paths}
    if len(kinds) > 1:
        return ["holds CSV and Parquet files together; expected one kind"]
    try:
        connection.execute(f"DESCRIBE SELECT * FROM {frames.scan(paths)}")
    except duckdb.Error as error:
        return [f"its {len(paths)} files do not go together: {str(error).strip().splitlines()[0]}"]
    return []


def column_notes(found: dict[str, InputFiles], remote: Remote) -> tuple[str, ...]:
    """Columns that only some Parquet files of an input have; in the others every row of them is NULL."""
    notes = []
    with frames.connect(threads=1) as connection:
        for name, item in found.items():
            if len(item.paths) < 2 or frames.is_csv(item.paths[0]):
                continue
            counted: Counter[str] = Counter()
            for path in map(remote.local, item.paths):
                rows = connection.execute(f"DESCRIBE SELECT * FROM {frames.scan([path])}").fetchall()
                counted.update(row[0] for row in rows)
            notes += [
                f"input {name!r}: {times} of its {len(item.paths)} files have a column {column!r}, else it is NULL"
                for column, times in counted.items()
                if times < len(item.paths)
            ]
    return tuple(notes)


def url_notes(found: dict[str, InputFiles]) -> tuple[str, ...]:
    """Of inputs behind URLs, what reads them: it is work of the tasks themselves."""
    return tuple(
        f"input {name!r}: queries read {scheme_of(item.paths[0])}:// through fsspec, not through DuckDB's httpfs; "
        "what that takes is in the CPU time of the tasks"
        for name, item in found.items()
        if item.sizes
    )


def _disguise(path: str) -> str:
    """What is wrong with a file at first sight; empty where it looks right."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            head = file.read(64)
            file.seek(max(0, size - 4))
            tail = file.read(4)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    if size == 0:
        return f"{path}: is empty (0 bytes)"
    if frames.is_csv(path):
        return f"{path}: is Parquet under the name of a CSV file; rename it to .parquet" if head[:4] == b"PAR1" else ""
    if head[:4] == b"PAR1":
        whole = tail == b"PAR1" and size >= 12
        return "" if whole else f"{path}: is Parquet, but cut off ({size:,} bytes, and no footer at its end)"
    first = head.split(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    if "," in first and first.isprintable():
        return f"{path}: is no Parquet file; it begins with {first!r}, which looks like CSV: rename it to .csv"
    return f"{path}: is no Parquet file (it does not begin with PAR1), and its name does not end in .csv"
