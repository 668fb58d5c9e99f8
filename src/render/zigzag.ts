import type { Path, Place } from "../trace/steps.ts";

/** A stretch in the kernel between two crossings: the devices, with `═` for a wire. */
interface Stretch {
  readonly devices: string[];
}

interface Crossing {
  readonly crossing: "down" | "up";
  readonly who: string;
}

const HEAD = 10;

/**
 * User space above, the kernel below, and where the packet goes from one to the other and back. Nothing when the packet
 * did not come out where it went in, or when it is wider than the terminal.
 */
export function zigzag(path: Path, columns: number): readonly string[] {
  const { stretches, crossings } = gather(path);
  if (crossings.length < 4 || crossings.length % 2 === 1 || stretches.length !== crossings.length / 2) return [];
  const marks: { at: number; crossing: Crossing }[] = [];
  let kernel = "";
  for (const [i, { devices }] of stretches.entries()) {
    const shown = shortened(devices, i === 0);
    const text = shown.join(" ");
    const start = HEAD + kernel.length;
    const [down, up] = [crossings[2 * i], crossings[2 * i + 1]];
    const first = shown[0] ?? "";
    const last = shown.at(-1) ?? "";
    if (down) marks.push({ at: start + middle(first), crossing: down });
    if (up) marks.push({ at: start + text.length - last.length + middle(last), crossing: up });
    kernel += `${text}  `;
  }
  const lines = [
    place("  user", names(marks)),
    place(
      "",
      marks.map(({ at, crossing }) => ({ at, text: crossing.crossing === "down" ? "▼" : "▲" })),
    ),
    `  kernel  ${kernel.trimEnd()}`,
  ];
  return lines.every((line) => line.length <= columns) ? lines : [];
}

function middle(text: string): number {
  return Math.floor((text.length - 1) / 2);
}

/** A process that takes a packet and sends it on is named once, between its two arrows. */
function names(marks: readonly { at: number; crossing: Crossing }[]): readonly { at: number; text: string }[] {
  const out: { at: number; text: string }[] = [];
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i];
    const next = marks[i + 1];
    if (!mark) continue;
    const { who } = mark.crossing;
    const pair = mark.crossing.crossing === "up" && next?.crossing.crossing === "down" && next.crossing.who === who;
    const centre = pair && next ? Math.floor((mark.at + next.at) / 2) : mark.at;
    out.push({ at: centre - middle(who), text: who });
    if (pair) i++;
  }
  return out;
}

function place(head: string, texts: readonly { at: number; text: string }[]): string {
  let line = head;
  for (const { at, text } of texts)
    line = `${line.padEnd(Math.max(at, line.length === 0 ? 0 : line.length + 1))}${text}`;
  return line;
}

/** The ends of a stretch tell it; what lies between the application and the bridge does not. */
function shortened(devices: readonly string[], fromApplication: boolean): readonly string[] {
  if (devices.length <= 3 || devices.includes("════")) return devices;
  return fromApplication
    ? [devices[0] ?? "", "…", ...devices.slice(-2)]
    : [...devices.slice(0, 2), "…", devices.at(-1) ?? ""];
}

function gather(path: Path): { readonly stretches: readonly Stretch[]; readonly crossings: readonly Crossing[] } {
  const stretches: Stretch[] = [];
  const crossings: Crossing[] = [];
  for (const place of path.places) {
    for (const item of items(place)) {
      if (typeof item === "string") {
        const devices = stretches.at(-1)?.devices;
        if (devices && devices.at(-1) !== item) devices.push(item);
        continue;
      }
      crossings.push(item);
      if (item.crossing === "down") stretches.push({ devices: [] });
    }
  }
  return { stretches, crossings };
}

function* items(place: Place): Generator<string | Crossing> {
  yield* place.in;
  for (const { crossing, process, event, under } of place.steps) {
    if (crossing) yield { crossing, who: process ?? "app" };
    for (const { action, at } of under) {
      if (action.kind === "transmit" || (action.kind === "receive" && !place.in.includes(at.dev))) yield at.dev;
    }
    if (event.action.kind === "wire") yield "════";
  }
}
