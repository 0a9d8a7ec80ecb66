"""Files in pieces small enough to be carried, and together again."""

from pathlib import Path

MOST_BYTES = 15_000_000


def split(file: Path, folder: Path) -> list[Path]:
    """Write a file's bytes into `folder` as `weights.0`, ... of at most `MOST_BYTES` each.

    Pieces of an earlier file that are not replaced are removed.
    """
    data = file.read_bytes()
    starts = range(0, max(len(data), 1), MOST_BYTES)
    pieces = []
    for number, start in enumerate(starts):
        piece = folder / f"weights.{number}"
        piece.write_bytes(data[start : start + MOST_BYTES])
        pieces.append(piece)
    for old in set(_pieces(folder)) - set(pieces):
        old.unlink()
    return pieces


def join(folder: Path, file: Path) -> Path:
    """Write the file whose pieces are in `folder`, and return it.

    Raises:
        FileNotFoundError: there are no pieces.
    """
    pieces = _pieces(folder)
    if not pieces:
        raise FileNotFoundError(f"{folder} has no weights.0, ...")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    return file


def _pieces(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("weights.*") if path.suffix[1:].isdecimal()]
    return sorted(found, key=lambda path: int(path.suffix[1:]))
