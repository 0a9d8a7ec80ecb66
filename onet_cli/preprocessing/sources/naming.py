"""Shape ids: unique, valid file names from the paths of meshes."""

import hashlib
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from onet_cli.meshes.formats import READ_SUFFIXES, is_mesh, suffix_of
from onet_cli.shapes.shape import ShapeId

_FOREIGN = re.compile(r"[^\w.+-]+")
_LONGEST = 100


def safe_name(text: str) -> str:
    """Return `text` as a valid file name of letters and digits of any script, `.`, `+`, `-`, `_`.

    Other characters become `_`: `Lampe à pied #2` is `Lampe_à_pied_2`.
    """
    name = _FOREIGN.sub("_", unicodedata.normalize("NFC", text)).strip("_.")
    if len(name.encode()) > _LONGEST:
        name = f"{name.encode()[:_LONGEST].decode(errors='ignore')}-{_digest(text)}"
    return name or "unnamed"


def unique_ids(wanted: Sequence[tuple[str, str]]) -> list[ShapeId]:
    """Return a unique id for each pair of category and name, in order.

    Ids are unique ignoring case, as some file systems require. Of several equal names, the first
    is kept and the others get a hash of the original name as a suffix.
    """
    taken: set[tuple[str, str]] = set()
    ids = []
    for category, text in wanted:
        name, turn = safe_name(text), 0
        while (category.casefold(), name.casefold()) in taken:
            name, turn = f"{safe_name(text)}-{_digest(f'{text}{turn or str()}')}", turn + 1
        taken.add((category.casefold(), name.casefold()))
        ids.append(ShapeId(category, name))
    return ids


def choose_formats(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the mesh files to read among `paths`, each with the alternatives that are not used.

    `chair.obj` and `chair.stl` in one folder are one mesh, read from `chair.obj`.
    """
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        if is_mesh(path):
            by_stem[posixpath.splitext(path)[0]].append(path)

    def preference(path: str) -> tuple[int, str]:
        return READ_SUFFIXES.index(suffix_of(path)), path

    chosen = {}
    for alike in by_stem.values():
        first, *others = sorted(alike, key=preference)
        chosen[first] = others
    return dict(sorted(chosen.items()))


def name_meshes(paths: Sequence[str], collection: str) -> list[tuple[str, str]]:
    """Return the category and name of each mesh in `paths`, from its folders.

    The category is the first folder, or `collection` for meshes without a folder. The name is that
    of the highest folder below it with no other mesh (`chair/a1/model.obj` is `a1` of `chair`), or
    else the rest of the path, joined by `_`. A single folder around everything is ignored if it
    contains a folder with two or more meshes.
    """
    parts = [posixpath.splitext(path)[0].split("/") for path in paths]
    if _is_wrapped(parts):
        parts = [names[1:] for names in parts]
    below: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for names in parts:
        for depth in range(1, len(names)):
            below[tuple(names[:depth])] += 1
    named = []
    for names in parts:
        if len(names) == 1:
            named.append((collection, names[0]))
            continue
        alone = [d for d in range(2, len(names)) if below[tuple(names[:d])] == 1]
        named.append((names[0], "_".join(names[1 : alone[0]] if alone else names[1:])))
    return named


def _is_wrapped(parts: list[list[str]]) -> bool:
    if not parts or min(map(len, parts)) < 3 or len({names[0] for names in parts}) > 1:
        return False
    second = [names[1] for names in parts]
    return len(set(second)) < len(second)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
