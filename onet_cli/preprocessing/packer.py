"""Packing of stored shapes while others are converted."""

import re
from collections import Counter
from collections.abc import Sequence

from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore


class Packer:
    """Moves shapes to packs of `size` shapes of the source, None: to none.

    Which shapes lie together depends on the source only: `size` neighbours of `every`, fewer if
    some were skipped. A pack is written once none of its shapes is in `todo` any more.
    """

    def __init__(
        self,
        store: ShapeStore,
        source: str,
        every: Sequence[ShapeId],
        size: int | None,
        todo: Sequence[ShapeId] = (),
    ) -> None:
        self._store, self._every, self._size = store, every, size or 0
        self._prefix = re.sub(r"[^A-Za-z0-9]+", "-", source)
        self._groups: dict[ShapeId, int] = {}
        if size:
            self._groups = {shape_id: n // size for n, shape_id in enumerate(every)}
        self._left = Counter(self._groups[i] for i in todo if i in self._groups)

    def done(self, shape_id: ShapeId) -> None:
        """Note that a shape is stored or skipped, and pack its group if it was the last one."""
        group = self._groups.get(shape_id)
        if group is None:
            return
        self._left[group] -= 1
        if self._left[group] == 0:
            self._pack(group)

    def finish(self) -> None:
        """Pack all that is stored."""
        for group in sorted(set(self._groups.values())):
            self._pack(group)

    def _pack(self, group: int) -> None:
        first = group * self._size
        name = f"{self._prefix}-{group:06d}"
        self._store.pack(name, self._every[first : first + self._size])
