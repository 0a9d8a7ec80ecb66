"""Options that several commands share. Importing this module loads no heavy dependency."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from onet_cli.setting import Setting

GENERAL = "General"
RARE = "Advanced"

PHOTO_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Suffixes of photos in a folder; a file given explicitly may have any suffix."""


def shipped_names() -> Iterable[str]:
    """Return the names of the shipped models; `models.checkpoint` does too, but loads torch."""
    folder = Path(__file__).parent / "models" / "pretrained"
    return sorted(path.stem for path in folder.glob("*.safetensors"))


CHECKPOINT = Setting(
    "Checkpoint file, run folder, or shipped model.",
    metavar="CHECKPOINT",
    short="-c",
    complete=shipped_names,
)
Device = Annotated[
    str,
    Setting(
        "auto, cpu, cuda or mps.",
        GENERAL,
        metavar="DEVICE",
        complete=lambda: ("auto", "cpu", "cuda", "mps"),
    ),
]
Seed = Annotated[int, Setting("Seed of the random numbers.", GENERAL, minimum=0, maximum=2**32 - 1)]
Quiet = Annotated[bool, Setting("Print errors only.", GENERAL, short="-q")]
DATA = Setting("A data set written by `onet preprocess`.", argument=True)
Data = Annotated[Path, DATA]
