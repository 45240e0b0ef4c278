"""Tests that the libraries of the Progress page are imported in a helper after the window is shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PRELOAD = """
import sys
from pathlib import Path
from PyQt6.QtWidgets import QApplication
from neurofeedback.ui.main_window import AppDefaults, MainWindow
from neurofeedback.ui.app_state import AppState, save_state
app = QApplication(["test"])
save_state(Path(sys.argv[1]) / "app.json", AppState(device="simulated", claims_seen=True))
window = MainWindow(lambda request: None, AppDefaults(Path(sys.argv[1]), state_file=Path(sys.argv[1]) / "app.json"))
window.show()
print("statsmodels" in sys.modules)
window.preload()
while window._preload_task.busy:
    app.processEvents()
print("statsmodels" in sys.modules)
"""


def test_preload_imports_statistics_after_the_window_is_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRELOAD, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["False", "True"]
