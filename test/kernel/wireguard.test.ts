import { describe, expect, test } from "vitest";
import { applyEdit, parseCommand } from "../../src/kernel/edit.ts";
import type { AnyNetlink } from "../../src/kernel/netlink.ts";
import { peerOf } from "../../src/kernel/wireguard.ts";
import { wireguardPeerCommand } from "../../src/render/iproute.ts";
import { host, ip, prefix } from "./node.ts";

const B = `${"B".repeat(43)}=`;
const C = `${"C".repeat(43)}=`;

/** A host with a device and a peer that has 10.9.2.0/24. */
function node() {
  const made = host();
  made.link({ kind: "wireguard", name: "wg0", mtu: 1420, port: 51820, publicKey: "own", by: "operator" });
  const peer = { dev: "wg0", publicKey: B, endpoint: ip("192.168.0.12"), port: 51820, by: "operator" } as const;
  made.wireguardPeer({ ...peer, allowedIps: [prefix("10.9.2.0/24")] });
  return made;
}

function type(netlink: AnyNetlink, text: string): number | string {
  const read = parseCommand(text);
  if (!read.ok) return read.message;
  const applied = applyEdit(netlink, read.edit, "fault");
  return "changed" in applied ? applied.changed : `${applied.refused.errno}: ${applied.refused.text}`;
}

function peers(netlink: AnyNetlink): readonly string[] {
  return [...netlink.netns.wireguardPeers.rows()].map(wireguardPeerCommand);
}

describe("wg set", () => {
  test("takes a peer away, once", () => {
    const wg = node();
    expect([type(wg, `wg set wg0 peer ${B} remove`), type(wg, `wg set wg0 peer ${B} remove`)]).toEqual([1, 0]);
    expect(peers(wg)).toEqual([]);
  });
  test("changes of a peer what it names, and leaves the rest", () => {
    const wg = node();
    expect(type(wg, `wg set wg0 peer ${B} allowed-ips 10.9.3.7/24,fd09::/64 persistent-keepalive 25`)).toBe(1);
    expect(peers(wg)).toEqual([
      `wg set wg0 peer ${B} endpoint 192.168.0.12:51820 allowed-ips 10.9.3.0/24,fd09::/64 persistent-keepalive 25`,
    ]);
    expect(type(wg, `wg set wg0 peer ${B} endpoint '[fd00::12]:4500'`)).toBe(1);
    expect(peers(wg)[0]).toContain("endpoint '[fd00::12]:4500' allowed-ips 10.9.3.0/24,fd09::/64");
  });
  test("gives a new peer; its own command reads the same again", () => {
    const wg = node();
    const command = `wg set wg0 peer ${C} endpoint 192.168.0.13:51820 allowed-ips 10.9.3.0/24`;
    expect(type(wg, command)).toBe(1);
    expect(peers(wg)[1]).toBe(command);
    expect(type(wg, `wg set wg0 peer ${"D".repeat(43)}= allowed-ips 10.9.4.0/24`)).toBe(0);
  });
  test.each([
    [`wg set eth0 peer ${B} remove`, "ENODEV: No such device"],
    ["wg set wg0 peer short remove", '"short" is no public key: 32 bytes in base64'],
    [`wg set wg0 peer ${B}`, "wg set needs to know what of the peer"],
    [`wg set wg0 peer ${B} endpoint fd00::1:51820`, '"fd00::1:51820" is no address with a port'],
    [`wg set wg0 peer ${B} endpoint 10.0.0.1:0`, '"10.0.0.1:0" is no address with a port'],
    [`wg set wg0 peer ${B} allowed-ips 10.9.2.0/33`, '"10.9.2.0/33" is no prefix'],
    ["wg show wg0", 'unknown command of wg "show"'],
  ])("%s: %s", (text, message) => expect(type(node(), text)).toBe(message));
});

test("a destination is for the peer with the longest allowed prefix over it; of two alike, for the later one", () => {
  const wg = node();
  type(wg, `wg set wg0 peer ${C} endpoint 192.168.0.13:51820 allowed-ips 10.9.2.128/25,10.9.0.0/16`);
  const at = (text: string) => peerOf(wg.netns.wireguardPeers.rows(), "wg0", ip(text))?.publicKey;
  expect(["10.9.2.1", "10.9.2.200", "10.9.7.7", "10.8.0.1"].map(at)).toEqual([B, C, C, undefined]);
  type(wg, `wg set wg0 peer ${C} allowed-ips 10.9.2.0/24`);
  expect(at("10.9.2.1")).toBe(C);
});

test("a peer on a device that is none is refused", () => {
  const wg = node();
  const row = {
    dev: "eth9",
    publicKey: C,
    endpoint: ip("192.168.0.13"),
    port: 1,
    allowedIps: [],
    by: "felix",
  } as const;
  expect(wg.wireguardPeer(row)).toMatchObject({ errno: "ENODEV" });
  expect([...wg.netns.refused()]).toMatchObject([{ by: "felix", asked: { table: "wireguard" } }]);
});

test("a device that goes takes its peers along", () => {
  const wg = node();
  wg.delLink("wg0");
  expect(peers(wg)).toEqual([]);
  expect(wg.netns.sockets).toEqual([]);
});
