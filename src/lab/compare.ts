import { isGroup } from "../addr/mac.ts";
import { routeText } from "../render/iproute.ts";
import type { Expected } from "./expect.ts";
import { isArp, isRedirect, type Line } from "./lines.ts";
import type { Observed } from "./observe.ts";

/** Something on which model and kernel differ. */
export interface Disagreement {
  readonly case: string;
  /** `frames at host/node-1 cni0`, `errors`, `order`. */
  readonly about: string;
  readonly expected: readonly string[];
  readonly observed: readonly string[];
  /** The row that decided in the model. */
  readonly row?: string;
}

/** What a forwarder cut off and wrote all the same: the model ends it in the process, the kernel one step later. */
const isTruncated = ({ text }: Line) => text.startsWith("unreadable: ipv4: total length");

function truncates({ trace }: Expected): boolean {
  return trace.events.some(({ action }) => action.kind === "drop" && action.reason === "process-truncated");
}

/** Every point on which a case came out otherwise in the kernel. */
export function compareCase(expected: Expected, observed: Observed): readonly Disagreement[] {
  const { case: each } = expected;
  const row = decided(expected);
  const differ = (about: string, ours: readonly string[], theirs: readonly string[]): readonly Disagreement[] =>
    ours.length === theirs.length && ours.every((line, k) => line === theirs[k])
      ? []
      : [{ case: each.id, about, expected: ours, observed: theirs, ...(row !== undefined && { row }) }];
  const outcome = (["send", "delivered", "reply"] as const).flatMap((key) =>
    differ(key, [`${expected.outcome[key] ?? "no"}`], [`${observed.outcome[key] ?? "no"}`]),
  );
  const seldom = !observed.lines.some(isRedirect);
  const ours = expected.lines.filter((line) => !isArp(line) && !(seldom && isRedirect(line)));
  const seen = observed.lines.filter((line) => !isArp(line) && !(isTruncated(line) && truncates(expected)));
  const theirs = each.question.protocol === "tcp" ? withoutSealedRest(seen, ours) : seen;
  const places = new Set([...ours, ...theirs].map(({ where }) => where));
  const cut = [...ours, ...theirs].some(({ text }) => text.includes(" offset "));
  const way = cut ? apart : (lines: readonly Line[]) => lines;
  const frames = [...places].flatMap((where) =>
    differ(`frames at ${where}`, at(way(ours), where), at(way(theirs), where)),
  );
  // A redirect is on its way back while the packet goes on; copies of a broadcast go out while others are taken in.
  const turns = isShared(expected) ? apart : (lines: readonly Line[]) => lines;
  const order =
    frames.length > 0 || cut
      ? []
      : differ("order", steps(turns(ours.filter(isOnWay))), steps(turns(theirs.filter(isOnWay))));
  // What a redirect makes a machine ask goes with it.
  const complete = !seldom || !expected.lines.some(isRedirect);
  const arp = each.question.cold && complete ? differ("arp", asked(expected.lines), asked(observed.lines)) : [];
  return [
    ...outcome,
    ...differ("errors", expected.outcome.errors, observed.outcome.errors),
    ...frames,
    ...order,
    ...arp,
  ];
}

/**
 * A connection goes on behind its first two segments, which is nobody's concern here; where they are sealed they look
 * like those two, and at each device as many are taken for them as the model has.
 */
function withoutSealedRest(seen: readonly Line[], ours: readonly Line[]): readonly Line[] {
  const left = new Map<string, number>();
  const isSealed = ({ text }: Line) => text.includes(" ; wireguard sealed ");
  const key = ({ where, direction }: Line) => `${where} ${direction}`;
  for (const line of ours.filter(isSealed)) left.set(key(line), (left.get(key(line)) ?? 0) + 1);
  return seen.filter((line) => {
    if (!isSealed(line)) return true;
    const rest = left.get(key(line)) ?? 0;
    left.set(key(line), rest - 1);
    return rest > 0;
  });
}

/** Whether a bridge hands a frame for everybody on, to its ports and to its own machine. */
function isShared({ trace }: Expected): boolean {
  return trace.events.some(({ action, headers: [ethernet] }) => {
    return action.kind === "flood" && ethernet?.kind === "ethernet" && isGroup(ethernet.dst);
  });
}

const isOnWay = (line: Line) => !isRedirect(line);

/**
 * Each direction by itself: fragments are sent at once, and the answer to the first overtakes the second or does not; and
 * a bridge sends a broadcast on before its own machine takes it in, which the model tells a packet at a time.
 */
function apart(lines: readonly Line[]): readonly Line[] {
  return [
    ...lines.filter(({ direction }) => direction === "out"),
    ...lines.filter(({ direction }) => direction === "in"),
  ];
}

function at(lines: readonly Line[], where: string): readonly string[] {
  return lines.filter((line) => line.where === where).map(({ direction, text }) => `${direction} ${text}`);
}

function steps(lines: readonly Line[]): readonly string[] {
  return lines.map(({ where, direction }) => `${where} ${direction}`);
}

/** Questions on different links overlap in time, and a slow answer has the question repeated: a set. */
function asked(lines: readonly Line[]): readonly string[] {
  const all = lines.filter(isArp);
  const answers = new Set(
    all.flatMap(({ where, direction, text }) =>
      direction === "out" && !isAsked(text) ? [`${where} ${about(text)}`] : [],
    ),
  );
  // Whoever hears a question for somebody else ignores it: the model counts them, and names none.
  const meant = all.filter(
    ({ where, direction, text }) => direction === "out" || !isAsked(text) || answers.has(`${where} ${about(text)}`),
  );
  return [...new Set(meant.map(({ where, direction, text }) => `${where} ${direction} ${text}`))].sort();
}

/** The address that a question asks for, or that an answer is about. */
function about(text: string): string | undefined {
  return /(?:arp request \S+ asks|ndp solicit|arp reply|ndp advert) (\S+)/.exec(text)?.[1];
}

function isAsked(text: string): boolean {
  return text.includes("arp request") || text.includes("ndp solicit");
}

/** The last row that decided anything about the probe. */
function decided({ trace }: Expected): string | undefined {
  const found = trace.events.findLast(
    ({ action }) => action.kind === "drop" || action.kind === "route" || action.kind === "filter",
  );
  if (!found) return undefined;
  const { at: where, action } = found;
  const what =
    action.kind === "drop"
      ? `drop ${action.reason}`
      : action.kind === "route"
        ? routeText(action.found.route)
        : action.kind === "filter"
          ? `${action.table} ${action.chain.name} ${action.verdict}`
          : "";
  return `${where.netns} ${where.dev}: ${what}`;
}
