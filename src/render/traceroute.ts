import type { Answer } from "../trace/answer.ts";

/** `--traceroute`: the list that `traceroute -n` would print, with the place beside each address. */
export function renderTraceroute({ question, traceroute = [] }: Answer): string {
  const head = `traceroute to ${question.dst.ip} (${question.dst.name}) from ${question.src.name}`;
  const width = Math.max(1, ...traceroute.map(({ from }) => `${from ?? "*"}`.length));
  const lines = traceroute.map((hop) => {
    const who = (hop.from ? `${hop.from}` : "* * *").padEnd(Math.max(width, 5));
    const beside = hop.from ? hop.place : hop.lastSeen && `last seen: ${hop.lastSeen}`;
    return `${String(hop.ttl).padStart(2)}  ${who}${beside ? `  ${beside}` : ""}`.trimEnd();
  });
  return `${[head, ...lines].join("\n")}\n`;
}
