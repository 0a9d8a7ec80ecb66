"""Files of a git clone as they were at a commit, whatever is checked out."""

import posixpath
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Clone:
    """A repository below `root`, in a folder called OWNER/NAME, at one commit. Bare will do."""

    root: Path
    name: str
    commit: str

    @property
    def path(self) -> Path:
        """The folder of the clone."""
        return self.root / self.name

    def holds_commit(self) -> bool:
        """Say whether the clone is there and has the commit."""
        if not self.path.is_dir():
            return False
        done = self._git("cat-file", "-e", f"{self.commit}^{{commit}}")
        return done.returncode == 0

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: the commit has no such file, or the clone lacks its content.
        """
        done = self._git("cat-file", "blob", f"{self.commit}:{posixpath.normpath(path)}")
        if done.returncode:
            raise FileNotFoundError(f"{self.name}: {path}")
        return done.stdout

    def _git(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        command = ["git", "-C", str(self.path), *arguments]
        return subprocess.run(command, capture_output=True, check=False)
