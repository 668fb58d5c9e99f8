import type { Finding } from "../trace/answer.ts";
import type { Event } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import { strandOf } from "../trace/strand.ts";
import { type EventOf, eventsOf, type Trace } from "../trace/trace.ts";
import type { Fact } from "./fact.ts";
import { ruleWords } from "./row-words.ts";
import { ipHeaders, type Scene } from "./scene.ts";

/** A pod that is shown a node's address as the sender of what another pod has sent it under its own. */
export function hiddenSender({ trace, path, sent, end }: Scene): readonly Fact[] {
  if (end?.action.kind !== "deliver" || !isPod(trace.from) || !isPod(end.at.netns)) return [];
  const [inner] = ipHeaders(end.headers).slice(-1);
  // What was sent to a service is translated by design.
  if (!inner?.dst.equals(sent.dst) || inner.src.equals(sent.src)) return [];
  const changed = path.find(isSourceChange);
  if (!changed) return [];
  const at = placeName(changed.at.netns);
  const { rule, before, after } = changed.action;
  const by = rule === undefined ? "" : ` by ${ruleWords(rule)} (${rule.by})`;
  return [
    {
      code: "NAT_UNEXPECTED",
      at,
      text: `${at} turned the source ${before} into ${after}${by}: ${placeName(end.at.netns)} sees a node, not ${placeName(trace.from)}.`,
      look: [{ at, command: "iptables -t nat -S POSTROUTING", expect: "a rule that takes packets to pods too" }],
    },
  ];
}

/** A source that was changed before the packet was wrapped in VXLAN: old kernels leave it with a wrong checksum. */
export function checksumRisk({ path }: Scene): readonly Fact[] {
  const changed = path.find(isSourceChange);
  const wrapped = path.find(
    ({ at, action }) =>
      action.kind === "encapsulate" &&
      at.netns === changed?.at.netns &&
      action.pushed.some(({ kind }) => kind === "vxlan"),
  );
  if (!changed || wrapped?.action.kind !== "encapsulate") return [];
  const at = placeName(changed.at.netns);
  const { by } = wrapped.action;
  return [
    {
      code: "CHECKSUM_OFFLOAD_RISK",
      at,
      text: `${at} masquerades the packet and then wraps it in ${by}: a kernel before 5.8, or a card, may leave it with a wrong checksum.`,
      look: [
        { at, command: `ethtool -k ${by}`, expect: "tx-checksum-ip-generic: on" },
        { at, command: "uname -r", expect: "before 5.8" },
      ],
    },
  ];
}

/**
 * A packet that left the pods' networks with a pod's own address, told where the reply to it finds no way back. Why it
 * was not masqueraded is the rule that spared it; without one nothing masquerades.
 */
export function bareSource(forward: Trace, deathOfReply: string): readonly Finding[] {
  const reached = eventsOf(forward, "deliver").at(-1);
  if (deathOfReply !== "NO_ROUTE" || !reached || !isPod(forward.from) || isPod(reached.at.netns)) return [];
  const path = strandOf(forward).events.flatMap((index) => forward.events[index] ?? []);
  const source = ipHeaders(forward.sent).at(-1)?.src;
  const node = path.find(({ at }) => at.netns.startsWith("host/"));
  if (!source || !node || path.some(isSourceChange)) return [];
  const at = placeName(node.at.netns);
  const spared = path.find((event): event is EventOf<"skip"> => event.action.kind === "skip");
  const why =
    spared?.action.rule === undefined
      ? "no rule there masquerades it"
      : `${spared.action.what}: ${ruleWords(spared.action.rule)}, by ${spared.action.rule.by}, spares it`;
  const text = `The packet leaves ${at} with the pod's own ${source} (${why}), and who answers it must know the way to pods.`;
  return [{ code: "NAT_MISSING", at, text }];
}

/** A reply to a translated source that came to another machine than the one that remembers what it translated. */
export function strayReply(forward: Trace, reply: Trace): readonly Finding[] {
  const path = strandOf(forward).events.flatMap((index) => forward.events[index] ?? []);
  const changed = path.find(isSourceChange);
  const back = strandOf(reply).events.flatMap((index) => reply.events[index] ?? []);
  const last = back.at(-1);
  if (!changed || !last || back.some(({ at }) => at.netns === changed.at.netns)) return [];
  if (last.at.netns === reply.from || ipHeaders(reply.sent).at(-1)?.dst.equals(changed.action.after) !== true)
    return [];
  const at = placeName(last.at.netns);
  const by = placeName(changed.at.netns);
  const { before, after } = changed.action;
  const text = `${by} turned the source ${before} into ${after} and remembers it, but the reply to ${after} comes to ${at}, which does not.`;
  return [{ code: "REPLY_NOT_UNNATED", at, text }];
}

function isPod(netns: string): boolean {
  return netns.startsWith("pod/");
}

function isSourceChange(event: Event): event is EventOf<"translate"> {
  return event.action.kind === "translate" && event.action.field === "src";
}
