"""Description of a checkpoint in onet's format, read without torch."""

from pathlib import Path

from safetensors import SafetensorError, safe_open

from onet_cli.errors import CheckpointError
from onet_cli.models.calibration import PREFIX, Calibration, read_calibration
from onet_cli.models.info import HEADER_KEY, CheckpointInfo


def read_description(path: Path) -> tuple[CheckpointInfo, Calibration | None]:
    """Return the description of the checkpoint `path` (.safetensors), and its calibration.

    Raises:
        CheckpointError: the file is missing, damaged or of another kind.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = dict(file.metadata() or {})
            names = [name for name in file.keys() if name.startswith(PREFIX)]  # noqa: SIM118
            arrays = {name: file.get_tensor(name) for name in names}
        return CheckpointInfo.from_json(header[HEADER_KEY]), read_calibration(header, arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint) from error
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no checkpoint of onet") from error
