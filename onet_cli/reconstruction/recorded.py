"""Many photos with tables of their results: resumed, in shards, and merged."""

from collections.abc import Callable, Iterator, Sequence

from onet_cli.reconstruction.folder import FolderWork, PhotoJob, PhotoRecord
from onet_cli.reconstruction.manifest import ManifestJournal, check_manifests, write_manifests
from onet_cli.reconstruction.settings import FolderOptions

Step = tuple[int, int, PhotoRecord]
"""The number of photos done, of all, and the record of the last one."""


def recorded(
    run: Callable[[Sequence[PhotoJob]], Iterator[PhotoRecord]],
    work: FolderWork,
    jobs: Sequence[PhotoJob],
    options: FolderOptions,
) -> Iterator[Step]:
    """Yield the record of each photo from `run`, and write the tables when all are done.

    With a table, the records of a stopped run come first, without work. A shard writes a journal
    of its own, and `merge` the tables from those of all shards.

    Raises:
        InvalidOptionError: a table has no known suffix, or no folder.
        OnetError: a file cannot be written, or shards to merge do not fit.
    """
    check_manifests(options.manifest)
    if not options.manifest:
        for done, record in enumerate(run(jobs), start=1):
            yield done, len(jobs), record
        return
    journal = ManifestJournal(options.manifest[0], work, options.shard)
    if options.merge:
        records = journal.merged(jobs)
        write_manifests(options.manifest, records)
        journal.remove_shards()
        for done, record in enumerate(records, start=1):
            yield done, len(jobs), record
        return
    jobs = jobs if options.shard is None else options.shard.take(jobs)
    found = journal.done(jobs)
    journal.begin(found)
    complete = False
    try:
        for done, record in enumerate(list(found.values()), start=1):
            yield done, len(jobs), record
        for record in run([job for job in jobs if job not in found]):
            journal.add(record)
            found[record.job] = record
            yield len(found), len(jobs), record
        complete = True
        records = [found[job] for job in jobs]
        if options.shard is None:
            write_manifests(options.manifest, records)
    finally:
        journal.close(complete, [found[job] for job in jobs if job in found])
