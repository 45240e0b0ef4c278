"""What another computer of the network can reach of a session, seen from a network namespace of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from neurofeedback.acquisition import loopback
from neurofeedback.errors import SettingsError
from neurofeedback.session.outputs import network_outputs
from neurofeedback.session.outputs.network_outputs import LslOutput, check_permission, needs_permission
from neurofeedback.types import StreamInfo

NAMESPACES = """
set -e
exec 3< <(exec unshare --net sh -c 'ip link set lo up; echo $$; exec sleep 600')
read -r inside <&3
trap 'kill $inside' EXIT
ip link set lo up
ip link add outer type veth peer name inner netns $inside
ip addr add 10.77.0.1/24 dev outer
ip link set outer up
nsenter --target $inside --net ip addr add 10.77.0.2/24 dev inner
nsenter --target $inside --net ip link set inner up
"$@" $inside
"""
"""Connects a network namespace with another one inside it, and runs a command with the process id of the inner one."""

OUTSIDE = r"""
import json, os, socket, subprocess, sys, time
folder, inside = sys.argv[1:]
FORK = '''
import os, sys
import mne_lsl.lsl, neurofeedback.session.session, neurofeedback.cli.helpers.terminal_view
from neurofeedback.cli.main import main
for line in sys.stdin:
    sys.argv = ["neurofeedback", *line.split()]
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        main()
    print(child, flush=True)
'''

def ports(name):
    with open(f"/proc/{inside}/net/{name}") as table:
        rows = [line.split() for line in table][1:]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] in ("0A", "07")}

def answers_tcp(port):
    with socket.socket() as one:
        one.settimeout(1.0)
        return one.connect_ex(("10.77.0.2", port)) == 0

def answering_udp(all_ports):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("10.77.0.1", 0))
        one.settimeout(1.0)
        query = f"LSL:shortinfo\r\nsession_id='default'\r\n{one.getsockname()[1]} 7\r\n".encode()
        for port in all_ports:
            one.sendto(query, ("10.77.0.2", port))
        found = 0
        while True:
            try:
                one.recv(4096)
            except TimeoutError:
                return found
            found += 1

server = subprocess.Popen(["nsenter", "--target", inside, "--net", sys.executable, "-c", FORK], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL, cwd=folder)
seen = {}
CASES = {"none": ("", 0), "machine": ("--lsl-out machine --osc-out 9000", 6), "network": ("--lsl-out network", 6)}
for name, (options, n_tcp) in CASES.items():
    line = f"train --headless --device simulated:3 --audio none --recordings {folder}/{name} {options}"
    print(line, file=server.stdin, flush=True)
    child = int(server.stdout.readline())
    deadline = time.monotonic() + 60
    while not os.path.exists(f"{folder}/{name}/derivatives") or len(ports("tcp") | ports("tcp6")) < n_tcp:
        assert time.monotonic() < deadline, (name, ports("tcp"), ports("udp"))
        time.sleep(0.02)
    tcp, udp = ports("tcp") | ports("tcp6"), ports("udp") | ports("udp6")
    seen[name] = {"tcp": len(tcp), "udp": len(udp), "tcp_reached": len([p for p in tcp if answers_tcp(p)]),
                  "udp_answers": answering_udp(udp | set(range(16571, 16605)))}
    os.kill(child, 9)
    deadline = time.monotonic() + 60
    while ports("tcp") and time.monotonic() < deadline:
        time.sleep(0.02)
server.kill()
server.wait()
print(json.dumps(seen))
"""


def test_no_port_answers_another_computer_unless_that_was_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("mne_lsl", reason="the extra lsl is not installed")
    if sys.platform != "linux" or not all(map(shutil.which, ("bash", "unshare", "nsenter", "ip"))):
        pytest.skip("needs unshare and nsenter (util-linux) and ip (iproute2)")
    unshare = ["unshare", "--map-root-user", "--net", "bash", "-c", NAMESPACES, "bash"]
    if (tried := subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    command = [*unshare, sys.executable, "-c", OUTSIDE, str(tmp_path)]
    outside = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert outside.returncode == 0, outside.stdout + outside.stderr
    seen = json.loads(outside.stdout)
    assert seen["none"] == {"tcp": 0, "udp": 0, "tcp_reached": 0, "udp_answers": 0}
    assert seen["machine"]["tcp"] == seen["network"]["tcp"] >= 6
    assert (seen["machine"]["tcp_reached"], seen["machine"]["udp_answers"]) == (0, 0)
    assert seen["network"]["tcp_reached"] == seen["network"]["tcp"], "what is looked for is seen where it is open"
    assert seen["network"]["udp_answers"] >= 3


def test_no_stream_is_opened_before_others_may_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    library = MagicMock()
    monkeypatch.setattr(network_outputs, "load_lsl", lambda **_: library)
    monkeypatch.setattr(loopback.sys, "platform", "win32")
    stream = StreamInfo("simulated:1", 256.0, ("TP9",))
    with pytest.raises(SettingsError, match="other computers on this network can read this stream"):
        LslOutput("test", stream, 0.25)
    library.StreamOutlet.assert_not_called()
    LslOutput("test", stream, 0.25, allow_network=True)
    assert library.StreamOutlet.call_count == 3


def test_failed_opening_of_streams_is_the_error_about_this_network(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def refuse() -> Iterator[None]:
        raise OSError
        yield

    monkeypatch.setattr(network_outputs, "load_lsl", lambda **_: MagicMock())
    monkeypatch.setattr(network_outputs, "can_restrict_to_loopback", lambda: True)
    monkeypatch.setattr(network_outputs, "restricted_to_loopback", refuse)
    with pytest.raises(SettingsError, match="other computers on this network can read this stream"):
        LslOutput("test", StreamInfo("simulated:1", 256.0, ("TP9",)), 0.25)


@pytest.mark.parametrize(
    ("address", "remote"),
    [("127.0.0.1", False), ("::1", False), ("::ffff:127.0.0.1", False), ("192.0.2.1", True), ("fe80::1%eth0", True)],
)
def test_peer_of_another_computer_is_known_by_its_address(address: str, remote: bool) -> None:
    opened = MagicMock(getpeername=lambda: (address, 1))
    assert loopback._has_remote_peer(opened) is remote


@pytest.mark.skipif(not loopback.can_restrict_to_loopback(), reason="sockets cannot be bound here")
def test_only_sockets_without_another_computer_are_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection within this machine stands for that of another thread to another computer."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as opened:
        before = loopback._open_sockets()
        free = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        connected = opened.enter_context(socket.create_connection(server.getsockname()))
        fresh = loopback._open_sockets() - before

        def is_bound(one: socket.socket) -> bool:
            return one.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"

        monkeypatch.setattr(loopback, "_has_remote_peer", lambda one: one.type is socket.SOCK_STREAM)
        loopback._bind_all(fresh)
        assert [is_bound(free), is_bound(connected)] == [True, False]
        monkeypatch.undo()
        loopback._bind_all(fresh)
        assert is_bound(connected), "its peer is on this machine"


def test_where_sockets_cannot_be_restricted_others_are_named_and_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback.sys, "platform", "win32")
    assert [needs_permission(scope) for scope in ("machine", "network", "")] == [True, False, False]
    check_permission("machine", allow_network=True)
    check_permission("network", allow_network=False)
    with pytest.raises(SettingsError, match="other computers on this network can read this stream"):
        check_permission("machine", allow_network=False)
