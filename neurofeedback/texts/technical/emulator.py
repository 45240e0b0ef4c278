"""Descriptions of the faults of an emulated headset, and help while it runs."""

from __future__ import annotations

HELP = "type a fault such as 'stall for_s=5', 'mend' to end all, 'help' for all faults"

# kinds of fault
LOSS = "packets are lost, each with probability share"
DUPLICATE = "packets are sent twice, each with probability share"
GARBAGE = "noise bytes follow a packet with probability share"
STALL = "nothing is sent, although the link is up"
DROP = "out of reach, and back after for_s"
UNPLUG = "the port is gone, and back after for_s"
ABSENT = "cannot be found until for_s after the emulator's start"
REFUSE = "the first attempts to connect fail, as many as times says"
REPLY = "answers like another device when asked who it is, as often as times says"
LIFTED = "electrodes off the head: noise from rail to rail, and mains"
BROKEN = "broken electrodes: noise as strong at every frequency"
MAINS = "a hum of amplitude uv on top"
COUNTER = "the packet counter jumps to this count"
CLOCK = "the headset's clock jumps by by_s: ahead, or back (it waits)"
STRANGE = "packets begin with a kind of data that the driver does not know, each with probability share"
BATTERY = "the battery reads percent"
SATURATED = "the optical sensors read the end of their range, as in sunlight"

# keys of a fault
KEY_KIND = "what goes wrong"
KEY_AT_S = "when it begins, s"
KEY_FOR_S = "how long it lasts, s; to the end if absent"
KEY_SHARE = "probability for each packet"
KEY_CHANNELS = "electrodes, from 1; all if absent"
KEY_UV = "amplitude, uV"
KEY_HZ = "mains frequency, Hz"
KEY_TO = "the next packet's count"
KEY_BY_S = "jump of the clock, s"
KEY_PERCENT = "charge of the battery, %"
KEY_TIMES = "how often; always if absent"
KEY_FAULT = "the faults, in any order"
