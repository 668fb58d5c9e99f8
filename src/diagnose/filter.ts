import type { FilterRule, Hook } from "../kernel/netfilter.ts";
import type { Code } from "../trace/codes.ts";
import type { ActionOf } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import type { EventOf } from "../trace/trace.ts";
import { type Change, change, type Fact } from "./fact.ts";
import { fabricWords, ruleWords } from "./row-words.ts";
import { fromPod, type Loss } from "./scene.ts";
import { tooLongForFabric } from "./size.ts";

const CODE_OF: Readonly<Record<Hook, Code>> = {
  PREROUTING: "HOST_PREROUTING_DROP",
  INPUT: "HOST_INPUT_DROP",
  FORWARD: "HOST_FORWARD_DROP",
  OUTPUT: "HOST_OUTPUT_DROP",
  POSTROUTING: "HOST_POSTROUTING_DROP",
};

/** A rule or a policy ended it; the event before says which. */
export function filtered(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const event = decidedBy(loss);
  if (!event) return { code: "HOST_FORWARD_DROP", at, text: `A rule on ${at} dropped the packet.` };
  const { hook, table, chain, rule, verdict } = event.action;
  const program = loss.ip.kind === "ipv4" ? "iptables" : "ip6tables";
  const where = table === "filter" ? "" : `-t ${table} `;
  const decided = rule ? `-A ${chain.name} ${ruleWords(rule)}` : `-P ${chain.name} DROP`;
  const by = rule?.by ?? chain.by;
  const what = loss.wrapped ? "the tunnel's packet" : "the packet";
  const ends = verdict === "REJECT" ? "refuses" : "drops";
  return {
    code: codeOf(loss, event),
    at,
    text: `${at} ${ends} ${what} from ${loss.ip.src} to ${loss.ip.dst} in ${hook}: ${program} ${where}${decided}, by ${by}.`,
    look: [
      {
        at,
        command: `${program} ${where}-vnL ${chain.name}`,
        expect: `the counter of ${rule ? "that rule" : "the policy"} rises`,
      },
    ],
    mend: () => accepting(loss, event, `${program} ${where}`),
  };
}

function decidedBy(loss: Loss): EventOf<"filter"> | undefined {
  return loss.path.findLast(
    (event): event is EventOf<"filter"> =>
      event.action.kind === "filter" && event.action.verdict !== "ACCEPT" && event.at.netns === loss.netns.name,
  );
}

/** Rules that check a reverse path or a tunnel's sender speak for themselves. */
function codeOf(loss: Loss, { action }: EventOf<"filter">): Code {
  const { hook, rule } = action;
  if (rule?.match.rpfilterFails) return fromPod(loss) ? "SPOOF_BLOCKED" : "RPF_DROP";
  if (hook === "INPUT" && loss.wrapped && senders(action)) return "DECAP_REFUSED";
  return CODE_OF[hook];
}

/** The set of senders that an earlier rule of the chain accepts the same tunnel's packets from. */
function senders({ chain, rule }: ActionOf<"filter">): string | undefined {
  const before = rule ? chain.rules.slice(0, chain.rules.indexOf(rule)) : [];
  const same = ({ match }: FilterRule) =>
    match.protocol === rule?.match.protocol && match.dport === rule?.match.dport && match.set?.dir === "src";
  return before.find((other) => other.target.kind === "ACCEPT" && same(other))?.match.set?.name;
}

function accepting(loss: Loss, { action }: EventOf<"filter">, program: string): readonly Change[] {
  const at = placeName(loss.netns.name);
  const { chain, rule } = action;
  const accept = `${program}-I ${chain.name} -s ${loss.ip.src} -d ${loss.ip.dst} -j ACCEPT`;
  const set = senders(action);
  if (set !== undefined) return [change(at, `ipset add ${set} ${loss.ip.src}`)];
  if (!rule) return [change(at, `${program}-P ${chain.name} ACCEPT`), change(at, accept)];
  return [change(at, `${program}-D ${chain.name} ${ruleWords(rule)}`), change(at, accept)];
}

/** The fabric between two machines ate the frame. */
export function eaten(loss: Loss): Fact {
  const { fabric, ip } = loss.because;
  if (fabric === undefined) return tooLongForFabric(loss);
  const link = loss.netns.links.get(loss.event.at.dev);
  const at = link?.kind === "nic" ? link.segment : placeName(loss.netns.name);
  const from = placeName(loss.netns.name);
  const look = [
    {
      at: from,
      command: `tcpdump -ni ${loss.event.at.dev} host ${loss.ip.dst}`,
      expect: "leaves here, and does not come there",
    },
  ];
  if (fabric === "source-dest-check") {
    return {
      code: "SRC_DST_CHECK",
      at,
      text: `${at} carries only frames with its cards' own addresses, and ${ip} in the one from ${from} is none.`,
      look,
    };
  }
  const what = fabric === "not-allowed" ? allowed(loss, link?.kind === "nic" ? link.segment : "") : dropped(fabric);
  return {
    code: loss.wrapped ? "ENCAP_BLOCKED" : "FABRIC_BLOCKED",
    at,
    text: `The frame leaves ${from} for ${loss.ip.dst} and is lost in the fabric: ${at} ${what}.`,
    look,
  };
}

function dropped(row: Exclude<NonNullable<Loss["because"]["fabric"]>, string>): string {
  return `drops ${fabricWords(row)}`;
}

function allowed(loss: Loss, segment: string): string {
  const rows = loss.network.segments.get(segment)?.fabric.filter(({ verdict }) => verdict === "allow") ?? [];
  return `carries only ${rows.map(fabricWords).join(", ")}`;
}
