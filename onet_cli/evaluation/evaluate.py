"""Scores of a checkpoint on a data set, in one call."""

from pathlib import Path
from typing import Unpack

from onet_cli.evaluation.methods import CheckpointMethod
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.run import Progress, evaluate_method
from onet_cli.evaluation.settings import EvaluationKeywords, EvaluationSettings
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.models.catalogue import DEFAULT_MODEL


def evaluate(
    data: str | Path,
    checkpoint: str | Path = DEFAULT_MODEL,
    *,
    device: str = "auto",
    progress: Progress = lambda done, total: None,
    **options: Unpack[EvaluationKeywords],
) -> EvaluationTable:
    """Return the scores of a checkpoint on the data set `data`.

    Args:
        data: A folder written by `onet preprocess`.
        checkpoint: File, run folder, or name of a shipped model.
        device: auto, cpu, cuda or mps.
        progress: Called with the number of objects done and in all.
        options: Fields of `EvaluationSettings`, such as `limit=20` or `split="val"`; `protocol` may
            be its name. `workers` is 0 unless given; with several, call this below `if __name__ ==
            "__main__":`.

    Raises:
        StoreError: there is no data set, or nothing to score in it.
        UnknownNameError: there is no such split or category.
        CheckpointError: the checkpoint cannot be read.
        InvalidOptionError: an option is invalid.
    """
    options["protocol"] = Protocol(options.get("protocol", Protocol.STRICT))
    settings = EvaluationSettings(**options)  # type: ignore[arg-type]  # it is a Protocol now
    rules = settings.protocol.rules
    method = CheckpointMethod(
        str(checkpoint), device, settings.resolution, rules.threshold, None, rules.joins
    )
    return evaluate_method(Path(data), method, settings, progress=progress)
