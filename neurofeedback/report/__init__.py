"""HTML pages and sentences made from recordings."""

import os

from platformdirs import user_cache_path

os.environ.setdefault("MPLCONFIGDIR", str(user_cache_path("neurofeedback") / "matplotlib"))  # its list of fonts
