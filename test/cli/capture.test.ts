import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { system } from "../../bin/system.ts";
import { readPcapng } from "../render/pcapng-reader.ts";
import { shell, words } from "./shell.ts";

async function capture(line: string, columns?: number) {
  const written = new Map<string, Uint8Array>();
  const said = await shell(words(line), { written, ...(columns !== undefined && { columns }) });
  return { ...said, written };
}

describe("-w FILE", () => {
  test("writes the frames there and back, by the version that wrote them, and prints the answer as always", async () => {
    const { out, code, written } = await capture("-w a.pcapng --mode vxlan pod-a pod-b");
    expect([...written.keys()]).toEqual(["a.pcapng"]);
    const { application, frames } = readPcapng(written.get("a.pcapng") ?? new Uint8Array());
    expect(application).toBe("cni-trace 1.2.3");
    expect(frames[0]?.interface).toBe("pod-a/eth0");
    expect(frames.at(-1)).toMatchObject({ interface: "pod-a/eth0", direction: "in" });
    expect([out, code]).toEqual([(await shell(words("--mode vxlan pod-a pod-b"))).out, 0]);
  });

  test("holds only the way there with --one-way, and what was sent of a packet that does not arrive", async () => {
    const one = await capture("--write a --one-way pod-a pod-b");
    expect(readPcapng(one.written.get("a") ?? new Uint8Array()).frames.at(-1)?.interface).toBe("pod-b/eth0");
    const lost = await capture("-w a -q -t blocked pod-a pod-b");
    expect([lost.out, lost.code]).toEqual(["", 1]);
    expect(readPcapng(lost.written.get("a") ?? new Uint8Array()).frames.at(-1)?.interface).toBe("node-1/eth0");
  });

  test("holds every packet of a flow with its number, and with --all-branches every way", async () => {
    const { written } = await capture("-w a --count 3 -t two-nodes --mode vxlan pod-a pod-b");
    const { frames } = readPcapng(written.get("a") ?? new Uint8Array());
    const names = frames.map(({ comment }) => comment.split(":")[0]);
    expect([...new Set(names)]).toEqual([1, 2, 3].flatMap((n) => [`packet ${n} of 3`, `reply ${n} of 3`]));
    const fault = "node-1: ip route replace 10.244.2.0/24 nexthop via 192.168.0.12 nexthop via 192.168.0.99";
    const ways = await capture(`-w a --all-branches -t two-nodes --mode host-gw --fault '${fault}' pod-a pod-b`);
    const comments = readPcapng(ways.written.get("a") ?? new Uint8Array()).frames.map(({ comment }) => comment);
    expect(comments.some((comment) => comment.startsWith("way 2 of 2: "))).toBe(true);
  });

  test("that cannot be written is a problem and ends with 2, before anything is printed", async () => {
    expect(await shell(words("-t two-nodes --mode vxlan -w /root/a pod-a pod-b"))).toEqual({
      out: "",
      err: "cni-trace: -w /root/a cannot be written: permission denied\n",
      code: 2,
    });
  });

  test.each(["udp", "tcp", "icmp", "sctp"])(
    "holds a question of %s that says nothing of its size",
    async (protocol) => {
      const { err, code, written } = await capture(`-t two-nodes --mode vxlan --protocol ${protocol} -w a pod-a pod-b`);
      expect([err, code, written.size]).toEqual(["", 0, 1]);
    },
  );

  test("says that an SCTP INIT has but one size", async () => {
    const { err, code } = await capture("-t two-nodes --mode vxlan --protocol sctp --size 60 -w a pod-a pod-b");
    expect([err, code]).toEqual(["cni-trace: 60 bytes is no IP length for sctp (an INIT has 52)\n", 2]);
  });

  test("is of one mode", async () => {
    const { out, err, code, written } = await capture("-t two-nodes --mode vxlan,udp -w a pod-a pod-b");
    expect([out, code, written.size]).toEqual(["", 2, 0]);
    expect(err).toBe(
      "cni-trace: -w a: a capture is of one mode, and these are 2 (ask once for each mode, with a file each)\n",
    );
  });
});

describe("-w -", () => {
  test("gives standard output to the capture alone; the exit status tells the rest", async () => {
    const { out, code, written } = await capture("-t blocked -w - pod-a pod-b");
    expect([out, code]).toEqual(["", 1]);
    expect(readPcapng(written.get("-") ?? new Uint8Array()).frames.length).toBeGreaterThan(3);
  });

  test("spares a terminal", async () => {
    const { err, code, written } = await capture("-t two-nodes --mode vxlan -w - pod-a pod-b", 80);
    expect([code, written.size]).toEqual([2, 0]);
    expect(err).toBe("cni-trace: -w -: standard output is a terminal (name a file, or lead it into a pipe)\n");
  });
});

describe("the system", () => {
  const folder = mkdtempSync(join(tmpdir(), "cni-trace-capture-"));
  const io = system("1", folder);
  const bytes = new Uint8Array([1, 2, 255]);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("writes a file, and over one that is there", () => {
    const file = join(folder, "a");
    writeFileSync(file, "something longer");
    expect(io.writeFile(file, bytes)).toEqual({ ok: true });
    expect([...readFileSync(file)]).toEqual([1, 2, 255]);
  });

  test.each([
    ["", "there is no such folder"],
    [join(folder, "no", "a"), "there is no such folder"],
    [folder, "it is a folder"],
    [join(folder, "a", "b"), "a part of the path is no folder"],
    [`${folder}/\0`, "the name holds a null character"],
  ])("says kindly why %j cannot be written", (file, why) => {
    expect(io.writeFile(file, bytes)).toEqual({ ok: false, why });
  });
});
