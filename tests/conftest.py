"""Property tests draw the same examples in each run: a failure is news of a change."""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
