"""One window at a time: a lock that the system releases when the process dies, and a call to the window that has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtNetwork import QLocalServer, QLocalSocket

from neurofeedback.errors import SettingsError
from neurofeedback.storage.file_lock import FileLock, acquire_lock
from neurofeedback.storage.private_files import make_folder

LOCK = ".window.lock"
_ANSWER_MS = 1000


def lock_single_window(folder: Path) -> FileLock | None:
    """Return the lock of the window, or None where locks are impossible, such as on a read-only disk.

    Raises
    ------
    SettingsError
        Another window of this program is open.
    """
    try:
        make_folder(folder)
        lock = acquire_lock(folder / LOCK)
    except OSError:
        return None
    if lock is None:
        raise SettingsError(
            "the program is open already", todo="go on in its window, or close that one and start again"
        )
    return lock


def raise_open_window(folder: Path) -> bool:
    """Bring the window that has the lock of ``folder`` to the front; return whether it answered."""
    socket = QLocalSocket()
    socket.connectToServer(_server_name(folder))
    answered = socket.waitForConnected(_ANSWER_MS)
    socket.disconnectFromServer()
    return answered


class RaiseServer(QObject):
    """Calls ``raise_window`` when a second start asks for it. Only the same user can reach it."""

    def __init__(self, folder: Path, raise_window: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._raise_window = raise_window
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._called)
        QLocalServer.removeServer(_server_name(folder))  # left by a process that was killed
        self._server.listen(_server_name(folder))

    def _called(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
        self._raise_window()


def _server_name(folder: Path) -> str:
    return "neurofeedback-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
