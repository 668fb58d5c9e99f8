import type { Check } from "./check.ts";
import { parseListen, wholeNumber } from "./listen.ts";
import { nearest } from "./nearest.ts";
import type { Path } from "./path.ts";
import { quoted } from "./prefixes.ts";
import type { FabricMatch, Pod } from "./topology.ts";

/** Assigned Internet protocol numbers by the word a fabric rule may use (IANA protocol-numbers). */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["ipip", 4],
  ["tcp", 6],
  ["udp", 17],
  ["ipv6", 41],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["icmpv6", 58],
  ["sctp", 132],
]);

const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 132]);

/** Reads `udp/8472`, `tcp`, `icmp`, `proto/4`; complains of each that is none. */
export function readFabric(texts: readonly string[], path: Path, check: Check): readonly FabricMatch[] {
  return texts.flatMap((text, i) => {
    const [word = "", number, ...rest] = text.split("/");
    const value = number === undefined ? undefined : wholeNumber(number);
    const protocol = word === "proto" ? value : PROTOCOLS.get(word);
    const refuse = (hint: string) => {
      const message = `${quoted(text)} names no traffic`;
      check.complain({ code: "bad-fabric-match", path: [...path, i], message, hint });
      return [];
    };
    if (protocol === undefined) {
      const meant = nearest(word, [...PROTOCOLS.keys(), "proto"]);
      if (meant !== undefined && meant !== word)
        return refuse(`did you mean ${[meant, number].filter(Boolean).join("/")}?`);
      return refuse("for example udp/8472, tcp, icmp or proto/4");
    }
    if (rest.length > 0 || (number !== undefined && value === undefined)) return refuse("for example udp/8472");
    if (word === "proto") return protocol <= 255 ? [{ protocol }] : refuse("a protocol is 0 to 255");
    if (value === undefined) return [{ protocol }];
    if (!WITH_PORTS.has(protocol)) return refuse(`${word} has no ports: ${word}`);
    return value >= 1 && value <= 65535 ? [{ protocol, port: value }] : refuse("a port is 1 to 65535");
  });
}

/** Reads `tcp/5432`, `udp/53` or `sctp/3868`; complains of each that is none. */
export function readListen(texts: readonly string[], path: Path, check: Check): NonNullable<Pod["listen"]> {
  return texts.flatMap((text, i) => {
    const found = parseListen(text);
    if (found) return [found];
    const hint = /^\d+$/.test(text) ? `tcp/${text} or udp/${text}` : "tcp/, udp/ or sctp/ and a port of 1 to 65535";
    check.complain({
      code: "bad-listen",
      path: [...path, i],
      message: `${quoted(text)} is not a port to listen on`,
      hint,
    });
    return [];
  });
}
