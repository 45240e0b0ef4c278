"""Outputs of a session made by other packages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from neurofeedback.session.outputs.network_outputs import SessionOutput
from neurofeedback.settings.plugins import OUTPUTS, call_plugin, load_plugin, split_plugin_name
from neurofeedback.types import Chunk, Command, Event, Frame, StreamInfo

_log = logging.getLogger(__name__)


class PluginOutput:
    """Hands a session to the output of another package; after its first error the session goes on without it.

    Parameters
    ----------
    plugin : str
        ``NAME`` or ``NAME:ARGUMENT``. The factory is called with the argument, the stream and the time between frames
        (s), and returns a `SessionOutput`.

    Raises
    ------
    SettingsError
        There is no such plug-in, or it cannot be used.
    """

    def __init__(self, plugin: str, stream: StreamInfo, hop_s: float) -> None:
        self._name, argument = split_plugin_name(plugin)
        factory = load_plugin(OUTPUTS, self._name)
        self._output: SessionOutput | None = call_plugin(self._name, factory, argument, stream, hop_s)

    @property
    def description(self) -> str:
        """What the plug-in says about where the session is sent."""
        return self._name if self._output is None else str(self._output.description)

    def process_chunk(self, chunk: Chunk) -> None:
        """Pass on a chunk."""
        self._pass_on(lambda output: output.process_chunk(chunk))

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Pass on frames."""
        self._pass_on(lambda output: output.process_frames(frames))

    def process_event(self, event: Event | Command) -> None:
        """Pass on an event."""
        self._pass_on(lambda output: output.process_event(event))

    def close(self) -> None:
        """Close the output."""
        self._pass_on(lambda output: output.close())
        self._output = None

    def _pass_on(self, action: Callable[[SessionOutput], None]) -> None:
        if self._output is None:
            return
        try:
            action(self._output)
        except Exception as error:  # noqa: BLE001 - code of another package must not end a sitting
            _log.warning("the output %s is left out from now on: %s: %s", self._name, type(error).__name__, error)
            self._output = None
