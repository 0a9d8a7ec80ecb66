"""Verification of stored shapes by checksum."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from onet_cli.errors import OnetError
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore


@dataclass
class VerifyResult:
    """Numbers of intact and of readable but unchecked shapes, and the damaged shapes."""

    whole: int = 0
    unchecked: int = 0
    damaged: list[tuple[ShapeId, str]] = field(default_factory=list)


def verify_shapes(data: Path, progress: Callable[[int, int], None]) -> VerifyResult:
    """Read and verify every listed or stored shape of the data set `data`.

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
