"""From the files of public repositories to .glb files: readers, and a common form between."""
