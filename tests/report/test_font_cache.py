"""The list of fonts that figures need is in this program's own cache, and rebuilt when it is torn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.font_manager import FontManager

DRAW = """
import neurofeedback.report
import os, matplotlib, matplotlib.font_manager
assert matplotlib.get_cachedir() == os.environ["EXPECTED"], matplotlib.get_cachedir()
print(matplotlib.font_manager.findfont("DejaVu Sans"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set by XDG_CACHE_HOME on Linux")
@pytest.mark.parametrize("torn", ["", '{"_version": "torn', "\0" * 64])
def test_torn_list_of_fonts_is_rebuilt(torn: str, tmp_path: Path) -> None:
    folder = tmp_path / "neurofeedback" / "matplotlib"
    folder.mkdir(parents=True)
    fonts = folder / f"fontlist-v{FontManager.__version__}.json"
    fonts.write_text(torn, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    environment |= {"XDG_CACHE_HOME": str(tmp_path), "EXPECTED": str(folder)}
    drawn = subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True, check=True)
    assert drawn.stdout.strip().endswith(".ttf")
    assert json.loads(fonts.read_text(encoding="utf-8"))["_version"] == FontManager.__version__
