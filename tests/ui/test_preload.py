"""What Progress reckons with is loaded by a helper once the window is shown, and not by the window itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WARM = """
import sys
from pathlib import Path
from PyQt6.QtWidgets import QApplication
from neurofeedback.ui.main_window import AppDefaults, MainWindow
from neurofeedback.ui.app_state import AppState, save_state
app = QApplication(["test"])
save_state(Path(sys.argv[1]) / "app.json", Choices(device="simulated", claims_seen=True))
window = Window(lambda request: None, AppDefaults(Path(sys.argv[1]), state_file=Path(sys.argv[1]) / "app.json"))
window.show()
print("statsmodels" in sys.modules)
window.warm()
while window._preload_task.busy:
    app.processEvents()
print("statsmodels" in sys.modules)
"""


def test_progress_is_loaded_after_the_window_is_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WARM, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["False", "True"]
