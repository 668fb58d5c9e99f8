import type { Ip } from "../addr/ip.ts";
import type { Check } from "./check.ts";
import { readFabric } from "./fabric.ts";
import type { Path } from "./path.ts";
import { readIps } from "./prefixes.ts";
import type { Seats } from "./seats.ts";
import type { Command, Host, Subnet } from "./topology.ts";
import type { Segment } from "./underlay.ts";

/** Lines in another program's words, each with its place. */
export function commands(texts: readonly string[], path: Path, check: Check): readonly Command[] {
  return texts.flatMap((text, i) => {
    if (text.trim() !== "") return [check.placed({ text: text.trim() }, [...path, i], "value")];
    const hint = "for example 10.244.2.0/24 via 192.168.0.12";
    check.complain({ code: "empty-command", path: [...path, i], message: "this line is empty", hint });
    return [];
  });
}

/** Subnets with their gateways, now that it is known which routers stand on them. */
export function resolveSubnets(
  segments: ReadonlyMap<string, Segment>,
  seats: Seats,
  hosts: ReadonlyMap<string, Host>,
  check: Check,
): ReadonlyMap<string, Subnet> {
  const inhabited = new Set([...hosts.values()].flatMap((host) => host.nics.map((nic) => nic.subnet)));
  const subnets = new Map<string, Subnet>();
  for (const [name, segment] of segments) {
    const path = ["subnets", name];
    const { drop = [], allow, routes = [], sourceDestCheck = false } = segment.entry;
    const subnet = {
      name,
      cidrs: segment.cidrs,
      mtu: segment.mtu,
      gateways: gateways(segment, seats, inhabited.has(name), check),
      drop: readFabric(drop, [...path, "drop"], check),
      ...(allow && { allow: readFabric(allow, [...path, "allow"], check) }),
      sourceDestCheck,
      routes: commands(routes, [...path, "routes"], check),
    };
    subnets.set(name, check.placed(subnet, path));
  }
  if ([...subnets.values()].every(({ drop, allow }) => drop.length === 0 && !allow)) {
    check.assume({ what: "the fabric passes everything", supply: "subnets.NAME.drop or .allow" });
  }
  return subnets;
}

function gateways(segment: Segment, seats: Seats, isInhabited: boolean, check: Check): readonly Ip[] {
  const { name, entry, cidrs } = segment;
  const routers = seats.routersOn(name);
  if (entry.gateway !== undefined)
    return entry.gateway === "none" ? [] : namedGateways(segment, entry.gateway, seats, check);
  const [only, ...others] = routers.values();
  if (only && others.length === 0) return onePerFamily(only);
  // Who has a route table but no router has a cloud's, and a cloud's router takes the first address.
  if (!only && entry.routes !== undefined) {
    const first = cidrs.map((cidr) => cidr.host(1)).filter((ip) => seats.ownerOf(ip) === undefined);
    if (first.length > 0)
      check.assume({ what: `${name}'s router is ${first.join(", ")}`, supply: `subnets.${name}.gateway` });
    return first;
  }
  if (only && isInhabited) {
    const what = `hosts on ${name} have no default route: ${routers.size} routers, none named`;
    check.assume({ what, supply: `subnets.${name}.gateway` });
  }
  return [];
}

function namedGateways(segment: Segment, texts: string | readonly string[], seats: Seats, check: Check): readonly Ip[] {
  const { name, entry, cidrs } = segment;
  const path = ["subnets", name, "gateway"];
  const asked = readIps(texts, path, check, "an address, or none");
  for (const ip of asked) {
    if (cidrs.length > 0 && !cidrs.some((cidr) => cidr.contains(ip))) {
      const alien = cidrs.every((cidr) => cidr.family !== ip.family);
      const message = alien
        ? `${name} has no IPv${ip.family}, its gateway does`
        : `gateway ${ip} is not in ${name} ${cidrs.join(", ")}`;
      const there = [...seats.routersOn(name).values()].flat().find((own) => own.family === (cidrs[0]?.family ?? 4));
      const hint = there ? `the router here is ${there}` : "an address of a router in this subnet, or none";
      check.complain({ code: alien ? "family-mismatch" : "gateway-not-in-subnet", path, message, hint });
    } else if (seats.ownerOf(ip) === undefined && entry.routes === undefined && !check.isShaky("routers")) {
      const there = [...seats.routersOn(name).values()].flat();
      const hint = there.length > 0 ? `the router here is ${there.join(", ")}` : "add a router with it, or write none";
      check.complain({ code: "gateway-is-nobody", path, message: `gateway ${ip} is nobody's address`, hint });
    }
  }
  return asked;
}

function onePerFamily(ips: readonly Ip[]): readonly Ip[] {
  const v4 = ips.find((ip) => ip.family === 4);
  const v6 = ips.find((ip) => ip.family === 6);
  return [v4, v6].filter((ip) => ip !== undefined);
}
