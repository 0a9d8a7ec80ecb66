"""The page that reconstructs in a browser: its sources, and export to a static folder."""
