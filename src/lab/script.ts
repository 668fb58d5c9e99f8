import type { Plan } from "./plan.ts";
import type { Step } from "./step.ts";

/**
 * The plan as a shell script for people without this program: one command a line, every word quoted that needs it, a
 * comment at each place. A forwarder is no command of the system's and stands as a comment with its leases.
 */
export function scriptOf(plan: Plan): string {
  const lines = [
    "#!/bin/sh",
    "# Run as root. Everything is in network namespaces of its own; to take it all away:",
    `#   ip netns list | cut -d ' ' -f 1 | grep '^${plan.names.prefix}' | xargs -r -n 1 ip netns del`,
    "set -u",
    ...[...plan.names.kernel].map(([place, name]) => `# ${name} is ${place}`),
    ...[...plan.names.segments].map(([segment, name]) => `# ${name} is the bridge of segment ${segment}`),
  ];
  let place = "";
  for (const step of plan.steps) {
    if (step.place !== place) lines.push("", `# ${step.place}`);
    place = step.place;
    lines.push(...linesOf(step));
  }
  return `${lines.join("\n")}\n`;
}

function linesOf(step: Step): readonly string[] {
  switch (step.kind) {
    case "sysctl":
      return [shell(["ip", "netns", "exec", step.netns, "sysctl", "-qw", `${step.key}=${step.value}`])];
    case "bare":
      return [
        `for dev in $(ip -n ${word(step.netns)} -o link | cut -d ' ' -f 2 | cut -d @ -f 1 | tr -d :); do`,
        `  ip netns exec ${word(step.netns)} ethtool -K "$dev" tx off sg off tso off gso off gro off >/dev/null 2>&1 || true`,
        "done",
      ];
    case "carried":
      return ["sleep 1"];
    case "forward": {
      const { tun, ip, port, leases } = step.config;
      const served = leases.map(([dst, to, at]) => `#   ${dst} via ${to}:${at}`);
      return [`# A forwarder between ${tun} and udp ${ip}:${port}, which no program of the system is:`, ...served];
    }
    case "run": {
      const line = shell(insideOf(step.netns, step.argv));
      if (step.refused) return [`${line} # refused: ${step.refused.errno}, ${step.refused.text}`];
      return step.input === undefined ? [line] : [`${line} <<'END'`, step.input.trimEnd(), "END"];
    }
  }
}

/** The command that runs a program in a namespace; `ip` and `bridge` go there by themselves. */
function insideOf(netns: string | undefined, argv: readonly string[]): readonly string[] {
  const [program = "", ...rest] = argv;
  if (netns === undefined) return argv;
  return program === "ip" || program === "bridge"
    ? [program, "-n", netns, ...rest]
    : ["ip", "netns", "exec", netns, ...argv];
}

function shell(argv: readonly string[]): string {
  return argv.map(word).join(" ");
}

/** A word as a shell reads it, in quotes unless it is plain. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
