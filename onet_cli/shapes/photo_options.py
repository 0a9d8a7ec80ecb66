"""How the object in a photo is chosen, by name. Importing this loads nothing."""

from typing import Literal

Background = Literal["auto", "keep", "remove", "rembg"]
