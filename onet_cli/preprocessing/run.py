"""A source, named as on the command line, converted into a data set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

from onet_cli.preprocessing.options import (
    PreprocessKeywords,
    PreprocessOptions,
    settle_options,
)
from onet_cli.preprocessing.pipeline import PreprocessResult, Progress
from onet_cli.preprocessing.pipeline import preprocess as run_pipeline
from onet_cli.preprocessing.sources.resolve import has_photographs, open_source


def preprocess(
    source: str | Path,
    out: str | Path,
    *,
    progress: Progress | None = None,
    **options: Unpack[PreprocessKeywords],
) -> PreprocessResult:
    """Convert `source` into the data set `out`; shapes stored before are kept.

    Args:
        source: As SOURCE of `onet preprocess`: a path, or `procedural`.
        out: Folder of the data set.
        progress: Called with the number of shapes done and the number to do.
        options: Fields of `PreprocessOptions`, such as `views=24` or `count=1000`; `workers` is one
            per core unless given. With several workers, call this below `if __name__ ==
            "__main__":`, as for any program that starts processes.

    Raises:
        SourceError: the source cannot be read.
        StoreError: `out` cannot be written.
        InvalidOptionError: an option is invalid or does not apply to the source.
    """
    settings = PreprocessOptions(**options)
    return convert(str(source), Path(out), settings, options, progress)


def convert(
    source: str,
    out: Path,
    options: PreprocessOptions,
    given: Mapping[str, object],
    progress: Progress | None = None,
) -> PreprocessResult:
    """Convert as `preprocess` does; `given` has the options that were set, by name."""
    options = settle_options(
        options,
        given,
        photographed=options.manifest is None and has_photographs(source),
        generated=source == "procedural",
    )
    return run_pipeline(open_source(source, options), out, options, progress)
