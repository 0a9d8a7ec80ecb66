"""Export of checkpoints to onet's safetensors format."""

from pathlib import Path

from onet_cli.models.checkpoint import Checkpoint, save_checkpoint


def export_safetensors(checkpoint: Checkpoint, target: Path, half: bool = False) -> int:
    """Write `checkpoint` to `target`, optionally in `half` precision; return the size in bytes."""
    save_checkpoint(target, checkpoint.network, checkpoint.info, half, checkpoint.calibration)
    return target.stat().st_size
