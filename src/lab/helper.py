#!/usr/bin/env python3
"""What the laboratory of cni-trace asks of a Linux kernel that Node has no calls for. Standard library only.

  helper.py build FOLDER         carries out the steps on standard input (JSON), one result line each; what belongs to
                                 forwarders is kept in FOLDER
  helper.py forward CONFIG       a TUN forwarder as flanneld's udp backend is, until its namespace is gone
  helper.py probe                sends the probes on standard input (JSON) and captures every frame meanwhile
  helper.py dump                 the tables of the namespaces on standard input (JSON)
  helper.py end FOLDER           ends the processes recorded in a folder, if they are still the same ones
  helper.py run FOLDER...        for each folder that `cni-trace lab prepare` wrote: builds, dumps, probes, writes what the
                                 kernel said beside it, and takes everything away again

The folders, and what is in each line that build, dump and probe write, are described in layout.ts.
"""
import ctypes, errno, fcntl, ipaddress, itertools, json, mmap, os, re, select, signal, socket, struct, subprocess, sys, time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
NETNS = "/run/netns/"


def enter(name):
    """Moves this process into a named network namespace."""
    fd = os.open(NETNS + name, os.O_RDONLY)
    try:
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), name)
    finally:
        os.close(fd)


# --- build -----------------------------------------------------------------------------------------------------------

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, STSO, SSG, SGSO, SGRO: the bytes captured are to be the bytes of a wire.
OFFLOADS = (0x17, 0x1F, 0x19, 0x24, 0x2C)


def bare(netns):
    """Turns the offloads of every device off; one that has none to turn off says so, and that is all the same."""
    enter(netns)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for _, name in socket.if_nameindex():
            for command in OFFLOADS:
                value = ctypes.create_string_buffer(struct.pack("II", command, 0))
                request = struct.pack("16sP", name.encode(), ctypes.addressof(value))
                try:
                    fcntl.ioctl(control, SIOCETHTOOL, request + bytes(40 - len(request)))
                except OSError as error:
                    if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                        raise


CARRIED = 10


def carried(netns):
    """Waits until the kernel has looked at every carrier (`linkwatch_event`)."""
    enter(netns)
    until = time.monotonic() + CARRIED
    while True:
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout.splitlines()
        late = [line for line in links if "LOWER_UP" in line and not re.search(r"state (UP|UNKNOWN)", line)]
        if not late:
            return 0, ""
        if time.monotonic() > until:
            return 1, late[0]
        time.sleep(0.01)


def step(one, home, folder):
    if one["kind"] == "sysctl":
        enter(one["netns"])
        try:
            with open("/proc/sys/" + one["key"], "w") as file:
                file.write(one["value"])
        except OSError as error:
            return 1, os.strerror(error.errno)
        return 0, ""
    if one["kind"] == "bare":
        bare(one["netns"])
        return 0, ""
    if one["kind"] == "carried":
        return carried(one["netns"])
    if one["kind"] == "forward":
        return launch(one, home, folder)
    inside(one, home)
    done = subprocess.run(one["argv"], input=one.get("input", ""), capture_output=True, text=True)
    return done.returncode, (done.stderr or done.stdout).strip()


def inside(one, home):
    if one.get("netns"):
        enter(one["netns"])
    else:
        LIBC.setns(home, CLONE_NEWNET)


# Words that `ip -batch` reads as they stand.
PLAIN = re.compile(r"[\w.:/@%+,=-]+")
# No object of iproute2's: asked for after each command, it says in the stream of errors that the command has ended.
MARK = "!"


def batched(one):
    """Where a step may be done in one process with its neighbours: its program with its options, and its namespace."""
    if one["kind"] != "run" or "input" in one or one["argv"][0] not in ("ip", "bridge"):
        return None
    return (program(one), one.get("netns")) if all(PLAIN.fullmatch(word) for word in one["argv"]) else None


def program(one):
    """`ip`, or `ip -6`: options are none of the words of a batch."""
    return one["argv"][: 2 if one["argv"][1].startswith("-") else 1]


def batch(steps, home):
    """Steps of one program in one namespace, in one process: starting a process for each is what takes the time."""
    results = []
    while len(results) < len(steps):
        left = steps[len(results):]
        words = [one["argv"][len(program(one)):] for one in left]
        lines = [line for argv in words for line in (" ".join(argv), MARK)]
        inside(left[0], home)
        command = [*program(left[0]), "-force", "-batch", "-"]
        done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True)
        said, *rest = re.split(r'Object "!" is unknown, [^\n]*\nCommand failed -:\d+\n', done.stderr)
        for after in rest:
            failed = re.search(r"^Command failed -:\d+$", said, re.MULTILINE)
            results.append((1, said[: failed.start()].strip()) if failed else (0, said.strip()))
            said = after
        if len(rest) < len(left):
            # A command that it cannot read ends iproute2 there and then.
            results.append((done.returncode or 1, said.strip()))
    return results


def launch(one, home, folder):
    """Starts a forwarder as a process of its own session, and waits until it says that it is ready."""
    LIBC.setns(home, CLONE_NEWNET)
    config = os.path.join(folder, f"forward-{one['netns']}-{one['config']['port']}.json")
    with open(config, "w") as file:
        json.dump(one["config"], file)
    ready, said = os.pipe()
    with open(os.devnull, "r+") as null:
        subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "forward", config, str(said)],
            stdin=null, stdout=null, stderr=null, start_new_session=True, pass_fds=(said,), cwd="/",
        )
    os.close(said)
    text = b""
    while chunk := os.read(ready, 4096):
        text += chunk
    os.close(ready)
    return (0, "") if text == b"ready" else (1, text.decode() or "the forwarder ended")


def carried_out(steps, folder):
    """The steps in order; status and words of each."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    for where, group in itertools.groupby(steps, key=batched):
        together = list(group)
        results = batch(together, home) if where else (attempt(one, home, folder) for one in together)
        yield from ({"status": status, "text": text} for status, text in results)
    LIBC.setns(home, CLONE_NEWNET)
    os.close(home)


def attempt(one, home, folder):
    try:
        return step(one, home, folder)
    except OSError as error:
        return 1, f"{error.strerror}: {error.filename or ''}"


def build(folder):
    for said in carried_out(json.load(sys.stdin), folder):
        print(json.dumps(said), flush=True)


# --- forward ---------------------------------------------------------------------------------------------------------

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def started(pid):
    """When a process started, in clock ticks since boot: a number and this time name one process for ever."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[19]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def lowered(packet):
    """One off the TTL; nothing at 0."""
    ttl = packet[8] - 1
    if ttl <= 0:
        return None
    head = bytearray(packet)
    head[8] = ttl
    size = (head[0] & 15) * 4
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", checksum(bytes(head[:size])))
    return bytes(head)


def unreachable(packet, own):
    """flannel's net-unreachable, from the device's own address: the kernel will take it for a martian."""
    quote = packet[:28]
    body = struct.pack("!BBHI", 3, 0, 0, 0) + quote
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 8, 1, 0, own, packet[12:16])
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def forward(config, said):
    with open(config) as file:
        told = json.load(file)
    # The process writes itself down before it holds anything, and ends when its namespace is gone already.
    note = f"{config}.pid"
    with open(note + ".new", "w") as file:
        json.dump({"pid": os.getpid(), "started": started(os.getpid())}, file)
    os.rename(note + ".new", note)
    try:
        enter(told["netns"])
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", told["tun"].encode(), IFF_TUN | IFF_NO_PI))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((told["ip"], told["port"]))
    except OSError as error:
        os.write(said, f"{error.strerror}".encode())
        return
    leases = [(ipaddress.ip_network(dst), to, port) for dst, to, port in told["leases"]]
    own = socket.inet_aton(told["own"]) if told["own"] else None
    os.write(said, b"ready")
    os.close(said)
    while os.path.exists(config):
        for source in select.select([tun, udp], [], [], 1.0)[0]:
            try:
                if source is udp:
                    packet = lowered(udp.recv(told["buffer"]))
                    if packet:
                        os.write(tun, packet)
                    continue
                packet = os.read(tun, told["buffer"])
                if len(packet) < 20 or packet[0] >> 4 != 4:
                    continue
                dst = ipaddress.ip_address(packet[16:20])
                lease = next((lease for lease in leases if dst in lease[0]), None)
                if lease is None:
                    fragment = struct.unpack("!H", packet[6:8])[0] & 0x1FFF
                    if own and packet[9] != 1 and not fragment:
                        os.write(tun, unreachable(packet, own))
                    continue
                packet = lowered(packet)
                if packet:
                    udp.sendto(packet, lease[1:])
            except OSError:
                # What the kernel refuses to carry is lost, as it is with flanneld; errors on the socket are read away.
                continue


def end(folder):
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".pid"):
            continue
        with open(os.path.join(folder, name)) as file:
            told = json.load(file)
        try:
            if started(told["pid"]) == told["started"]:
                os.kill(told["pid"], signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


# --- capture ---------------------------------------------------------------------------------------------------------

ETH_P_ALL = 3
SOL_PACKET, PACKET_RX_RING, PACKET_VERSION, TPACKET_V2 = 263, 5, 10, 1
FRAME, FRAMES = 16384, 256
LINK_HEADER = {1: "ethernet"}


class Ring:
    """Every frame of every device of one namespace. The kernel copies each at the tap, before the next one can write in it."""

    def __init__(self, netns):
        enter(netns)
        self.netns = netns
        self.names = dict(socket.if_nameindex())
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        block = FRAME * 4
        request = struct.pack("IIII", block, FRAME * FRAMES // block, FRAME, FRAMES)
        self.socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
        self.map = mmap.mmap(self.socket.fileno(), FRAME * FRAMES)
        self.next = 0

    def close(self):
        self.map.close()
        self.socket.close()

    def read(self):
        """The frames since the last time, oldest first."""
        while True:
            at = self.next * FRAME
            status, length, kept, mac, _, sec, nsec = struct.unpack_from("IIIHHII", self.map, at)
            if not status & 1:
                return
            _, _, index, hardware, kind, _ = struct.unpack_from("HHiHBB", self.map, at + 32)
            data = self.map[at + mac : at + mac + kept]
            struct.pack_into("I", self.map, at, 0)
            self.next = (self.next + 1) % FRAMES
            name = self.names.get(index, str(index))
            if name == "lo":
                continue
            yield {
                "netns": self.netns, "dev": name, "dir": "out" if kind == 4 else "in", "type": kind,
                "time": sec * 1000000000 + nsec, "length": length, "hex": data.hex(),
                "start": LINK_HEADER.get(hardware, "ip"),
            }


# --- probe -----------------------------------------------------------------------------------------------------------

IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL = 10, 11, 12
IPV6_MTU_DISCOVER, IPV6_RECVERR, ICMPV6_FILTER = 23, 25, 1
DISCOVER = {"never": 0, "auto": 1, "always": 2}
ORIGINS = {1: "local", 2: "icmp", 3: "icmp"}
# Seconds in which ARP repeats a question (`retrans_time_ms` is 20 here), and in which a probe has to be over.
ASKING, MOST = 0.06, 6
# Missing routes that a sender is told of at once.
BURST = 5


def arpish(frame):
    """Questions about neighbours, and their answers: ARP, or types 135 and 136 of ICMPv6."""
    kind = frame["hex"][24:28]
    found = kind == "0806" or kind == "86dd" and frame["hex"][40:42] == "3a" and frame["hex"][108:110] in ("87", "88")
    return frame["start"] == "ethernet" and found


def is_too_big(frame):
    """Type 2 of ICMPv6."""
    at = 28 if frame["start"] == "ethernet" and frame["hex"][24:28] == "86dd" else 0
    ip = frame["hex"][at : at + 82]
    return ip[:1] == "6" and ip[12:14] == "3a" and ip[80:] == "02"


class Bench:
    def __init__(self, told):
        self.rings = [Ring(name) for name in told["netns"]]
        self.poll = select.poll()
        for ring in self.rings:
            self.poll.register(ring.socket, select.POLLIN)
        self.all = told["netns"]
        self.quiet, self.brief = told["quiet"], told["brief"]
        self.burst, self.errors = told.get("burst", 0), {}
        self.before = None
        # Whether the MTU of a path was learned since all was forgotten, as a frame or the model says.
        self.narrow = False
        self.bridges, self.sealed = told["bridges"], told["sealed"]

    def close(self):
        for ring in self.rings:
            ring.close()

    def frames(self):
        return [frame for ring in self.rings for frame in ring.read()]

    def settle(self, wait=0, expected=None):
        """All frames until there is silence: a short one when as many have passed as were to, a longer one after a
        question that ARP may repeat."""
        begun = last = time.monotonic()
        seen, passed, asked = [], 0, False
        while True:
            fresh = self.frames()
            now = time.monotonic()
            if fresh:
                last, asked = now, any(arpish(frame) for frame in fresh)
                seen += fresh
                self.narrow = self.narrow or any(is_too_big(frame) for frame in fresh)
                passed += sum(not arpish(frame) for frame in fresh)
            arrived = expected is not None and passed >= expected
            silence = self.brief if arrived else ASKING if asked else self.quiet
            until = min(max(last + silence, begun + wait), begun + MOST)
            if now >= until:
                return sorted(seen, key=lambda frame: frame["time"])
            # Asleep until a frame comes; others are on its heels.
            if self.poll.poll(1000 * (until - now) + 1):
                time.sleep(0.001)

    def forget(self, told):
        """Path MTUs are forgotten; in a cold test everything that was learned is."""
        if told.get("keep"):
            return
        for name in self.all:
            enter(name)
            with open("/proc/sys/net/ipv4/route/flush", "w") as file:
                file.write("1")
            if self.narrow:
                # What IPv6 has learned of a path no setting makes it forget (`rt6_age_examine_exception`).
                subprocess.run(["ip", "-6", "route", "flush", "cache"], capture_output=True)
        self.narrow = False
        # Twice: a neighbour that is not yet flushed may ask one that is.
        for name in self.all * 2 if told.get("cold") else []:
            enter(name)
            subprocess.run(["ip", "neigh", "flush", "all"], capture_output=True)
            for dev in self.bridges.get(name, []):
                subprocess.run(["bridge", "fdb", "flush", "dev", dev, "dynamic"], capture_output=True)
            for one in self.sealed.get(name, []):
                argv = ["wg", "setconf", one["dev"], "/dev/stdin"]
                subprocess.run(argv, input=one["conf"], text=True, capture_output=True)

    def afford(self, told):
        """Waits until the sender is told of another missing route: five at once, then one a second (`ip_error`;
        net.ipv4.route.error_cost and error_burst are not ours to set). What comes of a warming probe is nobody's matter."""
        if not told["pause"]:
            return
        now = time.monotonic()
        left, since = self.errors.get(told["netns"], (self.burst, now))
        left = min(BURST, left + (now - since) / told["pause"])
        if left < 1 and not told["warming"]:
            time.sleep((1 - left) * told["pause"])
            left = 1
        self.errors[told["netns"]] = (max(left - 1, 0), time.monotonic())

    def answers(self, probes):
        """What came of each; a frame that is late belongs to the probe before."""
        for told in probes:
            before = self.probe(told)
            if before:
                yield before
        if self.before:
            yield self.before

    def probe(self, told):
        """Sends one, and gives back what came of the one before it."""
        self.forget(told)
        listener = listen(told) if told.get("listen") else None
        self.afford(told)
        late = self.frames()
        before = self.before
        if before:
            before["frames"] += late
        sender, result = send(told)
        frames = self.settle(told.get("wait", 0), told.get("expected"))
        self.narrow = self.narrow or told.get("learns", False)
        if told["protocol"] == "tcp" and sender:
            code = sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code and result["send"] == "ok":
                result["send"] = errno.errorcode.get(code, str(code))
        result["errors"] = errors(sender) if sender else []
        result["delivered"] = received(listener, told) if listener else None
        result["reply"] = replied(sender) if sender and told["protocol"] == "icmp" else None
        for one in (sender, listener):
            if one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()
        if told["protocol"] == "tcp":
            # What sockets say as they close belongs to no probe.
            self.settle(expected=0)
        self.before = {"id": told["id"], "result": result, "frames": frames}
        return before


def is_six(told):
    return ":" in told["dst"]


def listen(told):
    enter(told["listen"])
    kind = socket.SOCK_STREAM if told["protocol"] == "tcp" else socket.SOCK_DGRAM
    six = is_six(told)
    one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if six:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    else:
        one.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    one.bind(("::" if six else "0.0.0.0", told["dport"]))
    if kind == socket.SOCK_STREAM:
        one.listen(1)
    one.setblocking(False)
    return one


def ttl_of(ancillary):
    """The TTL or hop limit that came beside a datagram."""
    wanted = ((socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT))
    return next(struct.unpack("i", data)[0] for level, kind, data in ancillary if (level, kind) in wanted)


def received(listener, told):
    try:
        if told["protocol"] == "tcp":
            peer, (source, port, *_) = listener.accept()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            return {"from": source, "port": port, "ttl": None}
        _, ancillary, _, (source, port, *_) = listener.recvmsg(65536, 256)
        return {"from": source, "port": port, "ttl": ttl_of(ancillary)}
    except BlockingIOError:
        return None


def sender_of(told):
    """A socket as the probe wants it."""
    protocol, six = told["protocol"], is_six(told)
    kind = {"icmp": socket.SOCK_RAW, "tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[protocol]
    number = (socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP) if protocol == "icmp" else 0
    one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind, number)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if six:
        level, options = socket.IPPROTO_IPV6, (IPV6_MTU_DISCOVER, IPV6_RECVERR, socket.IPV6_RECVHOPLIMIT)
        hops = (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS)
    else:
        level, options = socket.IPPROTO_IP, (IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL)
        hops = (socket.IP_TTL, socket.IP_MULTICAST_TTL)
    for option, value in zip(options, (DISCOVER[told["df"]], 1, 1)):
        one.setsockopt(level, option, value)
    # A stream has no groups.
    for option in hops[:1] if protocol == "tcp" else hops:
        one.setsockopt(level, option, told["ttl"])
    if six and protocol == "icmp":
        # Of all types, a bit each, only echo replies (129): neighbours are found in the same protocol.
        one.setsockopt(socket.IPPROTO_ICMPV6, ICMPV6_FILTER, (((1 << 256) - 1) ^ (1 << 129)).to_bytes(32, "little"))
    one.setblocking(False)
    return one


def send(told):
    enter(told["netns"])
    protocol, six = told["protocol"], is_six(told)
    one = sender_of(told)
    result = {"send": "ok"}
    data = bytes(i & 255 for i in range(told["size"] - (48 if six else 28)))
    try:
        if protocol == "icmp":
            head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, told["sport"], 1)
            if not six:
                head = head[:2] + struct.pack("!H", checksum(head + data)) + head[4:]
            one.sendto(head + data, (told["dst"], 0))
        else:
            one.bind(("::" if six else "0.0.0.0", told["sport"]))
            if protocol == "tcp":
                one.connect((told["dst"], told["dport"]))
            else:
                one.sendto(data, (told["dst"], told["dport"]))
    except BlockingIOError:
        pass
    except OSError as error:
        # Only a socket with IP_RECVERR is told that a device had no room (`udp_send_skb`).
        if error.errno != errno.ENOBUFS:
            result["send"] = errno.errorcode.get(error.errno, str(error.errno))
    return one, result


def errors(sender):
    found = []
    while True:
        try:
            _, ancillary, _, _ = sender.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return found
        for level, kind, data in ancillary:
            if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
                continue
            code, origin, icmp, sub, _, info, _ = struct.unpack_from("IBBBBII", data)
            one = {"errno": errno.errorcode.get(code, str(code)), "origin": ORIGINS.get(origin, str(origin))}
            if origin == 2:
                one.update(type=icmp, code=sub, **{"from": socket.inet_ntoa(data[20:24])})
            if origin == 3:
                one.update(type=icmp, code=sub, **{"from": socket.inet_ntop(socket.AF_INET6, data[24:40])})
            if code == errno.EMSGSIZE:
                one["mtu"] = info
            found.append(one)


def replied(sender):
    while True:
        try:
            data, ancillary, _, _ = sender.recvmsg(65536, 256)
        except OSError:
            return None
        if sender.family == socket.AF_INET6:
            return {"ttl": ttl_of(ancillary)}
        if data[(data[0] & 15) * 4] == 0:
            return {"ttl": data[8]}


def probe():
    told = json.load(sys.stdin)
    for one in Bench(told).answers(told["probes"]):
        print(json.dumps(one), flush=True)


# --- dump ------------------------------------------------------------------------------------------------------------

TABLES = {
    "link": ["ip", "-o", "-d", "link"],
    "addr": ["ip", "-o", "-4", "addr"],
    "route": ["ip", "-4", "route", "show", "table", "all"],
    "rule": ["ip", "-4", "rule"],
    "neigh": ["ip", "-4", "neigh", "show", "nud", "permanent"],
    "fdb": ["bridge", "fdb", "show"],
    "filter": ["iptables-save"],
    "addr6": ["ip", "-o", "-6", "addr"],
    "route6": ["ip", "-6", "route", "show", "table", "all"],
    "rule6": ["ip", "-6", "rule"],
    "neigh6": ["ip", "-6", "neigh", "show", "nud", "permanent"],
    "filter6": ["ip6tables-save"],
    "endpoints": ["wg", "show", "all", "endpoints"],
    "allowed": ["wg", "show", "all", "allowed-ips"],
}


def dumped(names):
    tables = {}
    for name in names:
        enter(name)
        tables[name] = {}
        for table, argv in TABLES.items():
            if table.endswith("6") and not any("inet6" in line for line in tables[name].get("addr6", ["inet6"])):
                continue
            if argv[0] == "wg" and not any("wireguard" in line for line in tables[name]["link"]):
                continue
            try:
                said = subprocess.run(argv, capture_output=True, text=True).stdout
            except FileNotFoundError:
                said = ""
            tables[name][table] = [line.rstrip() for line in said.splitlines()]
    return tables


def dump():
    json.dump(dumped(json.load(sys.stdin)["netns"]), sys.stdout)


# --- run -------------------------------------------------------------------------------------------------------------


def remove(names):
    for name in names:
        if os.path.exists(NETNS + name):
            subprocess.run(["ip", "netns", "del", name], check=True)


def run(folder):
    """One prepared lab from nothing to nothing; its answers beside its questions."""
    def told(name):
        with open(os.path.join(folder, name)) as file:
            return json.load(file)

    def answer(name, lines):
        with open(os.path.join(folder, name), "w") as file:
            for one in lines:
                file.write(json.dumps(one) + "\n")

    lab, probes = told("lab.json"), told("probes.json")
    names = [*lab["places"].values(), *lab["segments"].values()]
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    state = os.path.join(os.path.abspath(folder), "running")
    os.mkdir(state, 0o700)
    remove(names)
    try:
        answer("kernel.json", [{"release": os.uname().release, "machine": os.uname().machine}])
        answer("built.jsonl", carried_out(told("steps.json"), state))
        answer("tables.json", [dumped(probes["netns"])])
        bench = Bench(probes)
        answer("frames.jsonl", bench.answers(probes["probes"]))
        bench.close()
        print(f"{folder}: {len(probes['probes'])} probes answered", flush=True)
    finally:
        LIBC.setns(home, CLONE_NEWNET)
        os.close(home)
        end(state)
        for name in os.listdir(state):
            os.remove(os.path.join(state, name))
        os.rmdir(state)
        remove(names)


def main(argv):
    if argv[:1] == ["build"] and len(argv) == 2:
        build(argv[1])
    elif argv[:1] == ["forward"] and len(argv) == 3:
        forward(argv[1], int(argv[2]))
    elif argv[:1] == ["probe"]:
        probe()
    elif argv[:1] == ["dump"]:
        dump()
    elif argv[:1] == ["end"] and len(argv) == 2:
        end(argv[1])
    elif argv[:1] == ["run"] and len(argv) > 1:
        for folder in argv[1:]:
            run(folder)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
