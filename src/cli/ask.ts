import type { Ask } from "../query/answer.ts";
import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import { DF, PROTOCOLS } from "./choices.ts";
import type { Flags } from "./flags.ts";

/** Nothing new is learned long before this one. */
const MOST_PACKETS = 1000;

/** The packet that SRC, DST and the flags describe, or everything that is wrong with them at once. */
export function readAsk([src = "", to = ""]: readonly string[], flags: Flags): Outcome<Ask> {
  const problems: Problem[] = [];
  const complain = (problem: Problem | undefined) => problem && problems.push(problem);
  const { name: dst, port } = splitPort(to);
  const number = (flag: string, text: string | undefined, least: number, most: number) => {
    const value = Number(text);
    const isGood = text === undefined || (/^\d{1,9}$/.test(text) && value >= least && value <= most);
    if (!isGood) complain({ code: "usage", message: `${flag} ${text} is no number from ${least} to ${most}` });
    return text === undefined || !isGood ? undefined : value;
  };
  const dport = number("port", port, 1, 65535);
  const sport = number("--sport", flags.sport, 1, 65535);
  const size = number("--size", flags.size, 1, 65535);
  const ttl = number("--ttl", flags.ttl, 1, 255);
  const count = number("--count", flags.count, 1, MOST_PACKETS);
  const protocol = PROTOCOLS.find((word) => word === flags.protocol);
  const df = DF.find((word) => word === flags.df);
  problems.push(...notAmong("--protocol", flags.protocol, PROTOCOLS), ...notAmong("--df", flags.df, DF));
  if (protocol === "icmp" && port !== undefined) {
    complain({ code: "usage", message: `icmp has no ports, and DST is ${to}`, hint: `say ${dst}` });
  }
  if (flags.ipv4 && flags.ipv6) complain({ code: "usage", message: "-4 and -6 cannot both be meant" });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: {
      src,
      dst,
      ...(dport !== undefined && { dport }),
      ...(sport !== undefined && { sport }),
      ...(size !== undefined && { size }),
      ...(ttl !== undefined && { ttl }),
      ...(protocol !== undefined && { protocol }),
      ...(df !== undefined && { df }),
      ...(flags.ipv4 && { family: 4 }),
      ...(flags.ipv6 && { family: 6 }),
      ...(flags.cold && { cold: true }),
      ...(count !== undefined && { count }),
      ...(flags.allBranches && { allBranches: true }),
      ...(flags.oneWay && { oneWay: true }),
      ...(flags.traceroute && { traceroute: true }),
    },
  };
}

/** Splits the port off `db-0:5432`, `ip:10.0.0.1:53` and `[fd00::1]:53`; an IPv6 address without brackets has none. */
export function splitPort(text: string): { readonly name: string; readonly port?: string } {
  const [, kind = "", rest = ""] = /^((?:pod|host|router|ip):)?(.*)$/s.exec(text) ?? [];
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest);
  const plain = /^([^:]*):([^:]*)$/s.exec(rest);
  const [, name = rest, port] = bracketed ?? plain ?? [];
  return { name: `${kind}${name}`, ...(port !== undefined && { port }) };
}

/** The problem of a value that is none of a few words, with the nearest of them; none when it is one, or was not given. */
export function notAmong(flag: string, text: string | undefined, words: readonly string[]): readonly Problem[] {
  if (text === undefined || words.includes(text)) return [];
  const meant = nearest(text, words);
  const hint = meant === undefined ? `it takes ${words.join(", ")}` : `did you mean ${meant}?`;
  return [{ code: "usage", message: `${flag} does not take ${text}`, hint }];
}
