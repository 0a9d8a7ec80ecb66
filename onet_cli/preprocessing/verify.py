"""Stored shapes compared with their checksums."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from onet_cli.errors import OnetError
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore


@dataclass
class VerifyResult:
    """Shapes that are as they were written, without a checksum but readable, and damaged."""

    whole: int = 0
    unchecked: int = 0
    damaged: list[tuple[ShapeId, str]] = field(default_factory=list)


def verify_shapes(data: Path, progress: Callable[[int, int], None]) -> VerifyResult:
    """Read every shape of the data set `data`, listed or stored, and return how they are.

    Raises:
        StoreError: there is no data set.
    """
    store = ShapeStore.open(data)
    listed = {shape_id for split in store.splits() for shape_id in store.ids(split)}
    ids = sorted(listed.union(store.ids()))
    result = VerifyResult()
    for done, shape_id in enumerate(ids, start=1):
        try:
            if store.verify(shape_id):
                result.whole += 1
            else:
                result.unchecked += 1
        except OnetError as error:
            result.damaged.append((shape_id, str(error)))
        progress(done, len(ids))
    return result
