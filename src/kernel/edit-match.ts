import { readMark } from "./edit-rule.ts";
import type { FilterTable, Match } from "./netfilter.ts";
import { quoted, type Words } from "./words.ts";

type Draft = { -readonly [K in keyof Match]: Match[K] };

/** IP protocols by the names iptables knows itself, and the one that tunnels need. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["ipencap", 4],
  ["tcp", 6],
  ["udp", 17],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["sctp", 132],
]);

const CT_STATES = ["INVALID", "NEW", "RELATED", "ESTABLISHED"] as const;

/** Extensions that `-m` may load. */
const MODULES = ["tcp", "udp", "sctp", "mark", "conntrack", "state", "comment", "set", "addrtype", "rpfilter"] as const;

const LONG: ReadonlyMap<string, string> = new Map([
  ["--source", "-s"],
  ["--src", "-s"],
  ["--destination", "-d"],
  ["--dst", "-d"],
  ["--in-interface", "-i"],
  ["--out-interface", "-o"],
  ["--protocol", "-p"],
  ["--proto", "-p"],
  ["--match", "-m"],
  ["--jump", "-j"],
  ["--table", "-t"],
  ["--destination-port", "--dport"],
  ["--state", "--ctstate"],
]);

const OPTIONS = [
  "-s",
  "-d",
  "-i",
  "-o",
  "-p",
  "-m",
  "--dport",
  "--mark",
  "--ctstate",
  "--comment",
  "--match-set",
  "--src-type",
  "--dst-type",
  "--invert",
  "--validmark",
  "-j",
  "-t",
] as const;

/** Those that are not known with `!` before them; what a packet is not, is asked by address, device, mark and set. */
const UNNEGATED: readonly (typeof OPTIONS)[number][] = [
  "-p",
  "-m",
  "--dport",
  "--ctstate",
  "--comment",
  "--invert",
  "--validmark",
  "-j",
  "-t",
];

/** The conditions of a rule, and the table when it is named among them. */
export interface Conditions {
  readonly match: Match;
  readonly comment: string | undefined;
  readonly table: FilterTable | undefined;
}

export const FILTER_TABLES: readonly FilterTable[] = ["raw", "mangle", "nat", "filter"];

/** Reads conditions until `-j`, which is taken. */
export function readMatches(words: Words, family: 4 | 6): Conditions {
  const match: Draft = { family };
  let comment: string | undefined;
  let table: FilterTable | undefined;
  let rpfilter = false;
  for (;;) {
    if (words.done) words.refuseAhead("a rule needs a target", "-j DROP");
    const not = words.take("!");
    const spelt = words.next("a condition");
    const option = OPTIONS.find((known) => known === (LONG.get(spelt) ?? spelt));
    if (!option) words.refuse(`unknown condition ${quoted(spelt)}`, words.nearestTo([...OPTIONS, ...LONG.keys()]));
    if (not && UNNEGATED.includes(option)) words.refuse(`"!" is not known before ${spelt}`);
    if (option === "-j") break;
    if (option === "-t") table = words.keyword("table", FILTER_TABLES, []);
    else if (option === "--comment") comment = readComment(words);
    else if (option === "-m") rpfilter = words.keyword("module", MODULES, []) === "rpfilter" || rpfilter;
    else if (option === "--invert" && rpfilter) match.rpfilterFails = true;
    else if (option !== "--validmark") readMatch(words, option, not, match, family);
  }
  if (rpfilter && !match.rpfilterFails) words.refuse("-m rpfilter is known with --invert only");
  if (match.dport !== undefined && ![6, 17, 132].includes(match.protocol ?? 0)) {
    words.refuse("--dport needs a protocol that has ports", "-p udp");
  }
  return { match, comment, table };
}

function readComment(words: Words): string {
  const text = words.next("a comment");
  return text.length <= 255 ? text : words.refuse("a comment has at most 255 characters");
}

function readMatch(words: Words, option: (typeof OPTIONS)[number], not: boolean, match: Draft, family: 4 | 6): void {
  const negated = not ? ({ not: true } as const) : {};
  switch (option) {
    case "-s":
      match.src = { prefix: words.prefix(family), ...negated };
      return;
    case "-d":
      match.dst = { prefix: words.prefix(family), ...negated };
      return;
    case "-i":
      match.in = { dev: words.device(), ...negated };
      return;
    case "-o":
      match.out = { dev: words.device(), ...negated };
      return;
    case "--mark":
      match.mark = { ...readMark(words), ...negated };
      return;
    case "--match-set":
      match.set = { name: words.next("a set"), dir: words.keyword("direction", ["src", "dst"], []), ...negated };
      return;
    case "--src-type":
    case "--dst-type":
      words.keyword("address type", ["LOCAL"], []);
      match.local = { dir: option === "--src-type" ? "src" : "dst", ...negated };
      return;
    case "-p":
      match.protocol = readProtocol(words);
      return;
    case "--dport":
      match.dport = words.number("a port", 1, 65535);
      return;
    case "--ctstate":
      match.ctstate = readStates(words);
      return;
    default:
      words.refuse(`${option} needs its module`, "-m rpfilter --invert");
  }
}

function readProtocol(words: Words): number {
  const text = words.next("a protocol");
  const named = PROTOCOLS.get(text);
  if (named !== undefined) return named;
  return /^[0-9]{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 255
    ? Number(text)
    : words.refuse(`unknown protocol ${quoted(text)}`, words.nearestTo(PROTOCOLS.keys()));
}

function readStates(words: Words): NonNullable<Match["ctstate"]> {
  const told = words.next("a state").split(",");
  const wrong = told.find((name) => !CT_STATES.some((state) => state === name));
  if (wrong !== undefined) words.refuse(`unknown connection state ${quoted(wrong)}`, words.nearestTo(CT_STATES));
  return CT_STATES.filter((state) => told.includes(state));
}
