"""Device names become sources; wrong ones become advice."""

from __future__ import annotations

import contextlib
from fnmatch import fnmatchcase
from itertools import count

import numpy as np
import pytest
from brainflow.board_shim import BoardShim
from brainflow.exit_codes import BrainFlowExitCodes as Code

from neurofeedback.acquisition import boards
from neurofeedback.acquisition.board_info import board_ids, channel_names, describe_board
from neurofeedback.acquisition.boards import (
    BOARDS,
    CONNECTION_HINTS,
    connection_hint,
    device_name_syntax,
    generic_board,
)
from neurofeedback.acquisition.brainflow_errors import to_source_error
from neurofeedback.acquisition.open import open_source
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.acquisition.supported_devices import list_devices
from neurofeedback.errors import RecordingError, SettingsError, SourceError
from neurofeedback.settings.load import available, load_montage
from tests.helpers import DATA

NINE = DATA / "same_signal_in_nine_formats"


@pytest.mark.parametrize(
    ("device", "sfreq", "n_channels"),
    [
        ("synthetic", 250, 16),
        ("muse-2", 256, 4),
        ("muse-s", 256, 4),
        ("muse-2016", 256, 4),
        ("muse-s-athena", 256, 4),
        ("ganglion", 200, 4),
        ("cyton:/dev/ttyUSB0", 250, 8),
        ("cyton-daisy:/dev/ttyUSB0", 125, 16),
        ("brainflow:unicorn", 250, 8),
        ("brainflow:8", 250, 8),
        ("brainflow:-1", 250, 16),
        ("brainflow:freeeeg32:serial_port=/dev/ttyACM0,timeout=3", 512, 32),
        ("brainflow:streaming:master_board=38,ip_address=225.1.1.1,ip_port=6677", 256, 4),
    ],
)
def test_each_device_name_is_a_board(device, sfreq, n_channels):
    stream = open_source(device).stream
    assert (stream.device, stream.sfreq, stream.n_channels) == (device, sfreq, n_channels)
    assert stream.facts["brainflow"] == BoardShim.get_version()


@pytest.mark.parametrize(
    ("device", "seed", "stream"),
    [("simulated:7", None, "simulated:7"), ("simulated", 5, "simulated:5"), ("simulated:7", 5, "simulated:7")],
)
def test_a_simulated_meditator_is_the_one_of_its_seed(device, seed, stream):
    assert open_source(device, seed=seed, duration_s=30.0).stream.device == stream


def test_what_is_known_of_a_board_holds_by_any_name():
    by_name, by_number = open_source("muse-2").stream, open_source("brainflow:muse-2").stream
    assert by_name.montage == by_number.montage == "muse"
    assert by_name.facts == by_number.facts


@pytest.mark.parametrize("spec", BOARDS.values(), ids=BOARDS)
def test_a_boards_montage_fits_its_channels(spec):
    names = channel_names(describe_board(spec))
    if spec.montage == "auto":
        return
    assert spec.montage in available("montages")
    wanted = load_montage(spec.montage).ch_names
    assert len(wanted) <= len(names) if spec.placed_freely else set(wanted) <= set(names)


def test_a_board_without_names_is_placed_freely():
    assert open_source("brainflow:freeeeg32").stream.placed_freely
    assert not open_source("brainflow:unicorn").stream.placed_freely


def test_every_board_with_eeg_that_brainflow_knows_has_a_stream():
    without_eeg = 0
    for name in set(board_ids()) - {"streaming"}:
        try:
            stream = open_source(f"brainflow:{name}").stream
        except SettingsError as error:
            without_eeg += "has no EEG channels" in str(error)
        else:
            assert stream.n_channels == len(set(stream.ch_names))
            assert stream.sfreq > 0
    assert without_eeg < 10


def test_the_table_lists_every_device_with_what_it_needs():
    rows = {row.name: row for row in list_devices()}
    assert {device_name_syntax(spec) for spec in BOARDS.values()} < set(rows)
    assert all(row.needs.endswith(".") for row in rows.values())
    assert rows["muse-2"].ch_names == ("TP9", "AF7", "AF8", "TP10")
    assert rows["cyton:PORT"].sfreq == 250
    assert rows["brainflow:unicorn[:serial_number=NUMBER]"].ch_names[0] == "Fz"
    assert rows["brainflow:enophone:mac_address=ADDRESS"].n_channels == 4


def test_every_eeg_board_of_brainflow_is_in_the_table_and_has_its_way_to_connect():
    """A board that BrainFlow adds fails here until it is known what it takes to connect it."""
    named = {spec.board_id for spec in BOARDS.values()}
    with_eeg = [name for name, number in board_ids().items() if number not in named and has_eeg(name, number)]
    assert len(with_eeg) > 40
    listed = {row.name.split(":")[1].rstrip("[") for row in list_devices() if row.name.startswith("brainflow:")}
    assert listed == {*with_eeg, "streaming"}
    for name in with_eeg:
        assert sum(fnmatchcase(name, pattern) for pattern in CONNECTION_HINTS) == 1, name
        assert generic_board(name, 0).needs == connection_hint(name).needs
    assert all(any(fnmatchcase(name, pattern) for name in with_eeg) for pattern in CONNECTION_HINTS)


def has_eeg(name, number):
    with contextlib.suppress(SettingsError):
        return bool(describe_board(generic_board(name, number)))
    return False


def test_a_board_on_another_line_keeps_its_montage_but_not_its_count():
    wifi, dongle = generic_board("cyton-wifi", 5), generic_board("muse-s-bled", 21)
    assert (wifi.montage, wifi.placed_freely, wifi.counter) == ("cyton", True, None)
    assert (dongle.montage, dongle.reference, dongle.counters) == ("muse", "Fpz", {})


@pytest.mark.parametrize(
    ("device", "advice"),
    [
        ("muse2", "did you mean muse-2?"),
        ("synthethic", "did you mean synthetic?"),
        ("", "choose one of these; docs/headsets.md says what each needs"),
        ("cyton", "cyton:/dev/ttyUSB0"),
        ("cyton:", "cyton:/dev/ttyUSB0"),
        ("synthetic:3", "takes nothing after its name"),
        ("simulated:x", "the seed is not a number"),
        ("simulated:-1", "the seed is not a number"),
        ("playback:", "playback:FILE"),
        ("brainflow:", "no such board"),
        ("brainflow:unicrn", "did you mean unicorn?"),
        ("brainflow:9999", "no such board"),
        ("brainflow:callibri-emg", "has no EEG channels"),
        ("brainflow:streaming", "no EEG channels"),
        ("brainflow:unicorn:serial=7", "did you mean serial_port?"),
        ("brainflow:unicorn:timeout=soon", "timeout is not a number"),
        ("cyton:" + "A" * 5000, "this is no port or address"),
        ("cyton:/dev/tty\0USB0", "this is no port or address"),
        ("brainflow:crown:ip_address=" + "1" * 300, "this is no port or address"),
    ],
)
def test_a_wrong_name_gets_advice(device, advice):
    with pytest.raises(SettingsError) as caught:
        open_source(device)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("code", "device", "words"),
    [
        (Code.UNABLE_TO_OPEN_PORT_ERROR, "muse-2", "no Bluetooth adapter"),
        (Code.BOARD_NOT_READY_ERROR, "muse-2", "no muse-2 was found"),
        (Code.ANOTHER_BOARD_IS_CREATED_ERROR, "muse-2", "already in use"),
        (Code.INVALID_ARGUMENTS_ERROR, "ganglion", "needs more to connect"),
        (Code.GENERAL_ERROR, "muse-2", "GENERAL_ERROR: the driver's words"),
    ],
)
def test_exit_codes_become_plain_words(code, device, words):
    error = to_source_error(code, BOARDS[device], {}, "the driver's words")
    assert isinstance(error, SourceError)
    assert words in str(error)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Code.UNABLE_TO_OPEN_PORT_ERROR, "the serial port cannot be opened"),
        (Code.SER_PORT_ERROR, "this is not a serial port"),
        (Code.BOARD_NOT_READY_ERROR, "no cyton answers on this port"),
        (Code.GENERAL_ERROR, "cyton cannot be opened"),
    ],
)
def test_exit_codes_of_serial_boards_name_the_port_or_the_board(tmp_path, code, words):
    port = tmp_path / "port"
    port.touch()
    assert words in str(to_source_error(code, BOARDS["cyton"], {"serial_port": str(port)}))


def test_port_without_permission_is_an_error_with_a_remedy(tmp_path, monkeypatch):
    port = tmp_path / "port"
    port.touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    error = to_source_error(Code.UNABLE_TO_OPEN_PORT_ERROR, BOARDS["cyton"], {"serial_port": str(port)})
    assert "dialout" in str(error)


def played(source):
    with contextlib.suppress(SourceEnded):
        while True:
            yield source.read()


@pytest.mark.parametrize("text", [None, "", "no,eeg\nat,all\n"])
def test_a_file_that_cannot_be_played_is_refused(tmp_path, text):
    file = tmp_path / "x.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RecordingError) as caught:
        open_source(f"playback:{file}")
    assert caught.value.exit_code == 4
    assert str(file) in str(caught.value)


@pytest.mark.real_data
@pytest.mark.skipif(not NINE.is_dir(), reason=f"needs {NINE.name}; set NEUROFEEDBACK_DATA")
@pytest.mark.parametrize("name", ["brainflow_MUSE_2.csv", "signal.vhdr"])
def test_a_file_is_played_whole(name):
    seconds = count()
    source = open_source(f"playback:{NINE / name}", now=lambda: float(next(seconds)))
    source.open()
    chunks = list(played(source))
    golden = np.load(next(NINE.glob("golden_uV*.npy")))
    data = np.concatenate([chunk.data for chunk in chunks if chunk], axis=1)
    np.testing.assert_allclose(data, golden, atol=0.01)


def test_syntax_of_a_simulated_infusion_is_one_that_works() -> None:
    with pytest.raises(SettingsError) as refused:
        open_source("simulated:1,dose=2")
    assert refused.value.allowed == "simulated[:SEED[,ketamine=MG_PER_KG][,start=MIN][,minutes=MIN]]"
    source = open_source("simulated:7,ketamine=0.5,start=5,minutes=5")
    assert source.stream.device == "simulated:7"


@pytest.mark.parametrize(
    ("system", "processor", "works"),
    [
        ("linux", "linux-x86_64", True),
        ("linux", "linux-i686", True),
        ("linux", "linux-aarch64", False),
        ("win32", "win-arm64", False),
        ("win32", "win-amd64", True),
        ("win32", "win32", True),
        ("darwin", "macosx-11.0-arm64", True),
    ],
)
def test_devices_without_drivers_for_this_processor_are_not_offered(
    monkeypatch: pytest.MonkeyPatch, system: str, processor: str, works: bool
) -> None:
    monkeypatch.setattr(boards.sys, "platform", system)
    monkeypatch.setattr(boards.sysconfig, "get_platform", lambda: processor)
    names = {row.name.partition(":")[0] for row in list_devices()}
    assert ({"muse-2", "cyton", "brainflow"} <= names) is works
    assert {"simulated[", "playback", "lsl"} <= names
    for device in () if works else ("muse-2", "cyton:/dev/ttyUSB0", "brainflow:crown"):
        with pytest.raises(SettingsError, match=f"no drivers of headsets.*{device}.*lsl:NAME"):
            open_source(device)


@pytest.mark.parametrize(
    ("device", "version", "refused"), [("muse-s-athena", "5.22.2", True), ("synthetic", "5.22.2", False)]
)
def test_an_athena_is_refused_on_a_brainflow_with_the_old_scale(
    monkeypatch: pytest.MonkeyPatch, device: str, version: str, refused: bool
) -> None:
    monkeypatch.setattr(BoardShim, "get_version", lambda: version)
    source = open_source(device)
    if refused:
        with pytest.raises(SourceError, match=r"4.55 times too large: got 5.22.2; allowed: 5.23 or newer; .*upgrade"):
            source.open()
    else:
        source.open()
        source.close()
