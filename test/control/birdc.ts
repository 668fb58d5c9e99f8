/** One path of BIRD's table, as `birdc show route all` prints it. */
export interface BirdPath {
  readonly dst: string;
  /** `via 192.168.1.1 on eth0`, `unreachable`, `blackhole`, `dev eth0`. */
  readonly way: string;
  readonly protocol: string;
  /** The one that counts. */
  readonly selected: boolean;
  /** `BGP.as_path`, `BGP.next_hop`, … by name without the prefix; empty for what is not BGP. */
  readonly bgp: ReadonlyMap<string, string>;
}

/** `birdc show route all` of BIRD 1.6. */
export function readRoutes(text: string): readonly BirdPath[] {
  const paths: (BirdPath & { readonly bgp: Map<string, string> })[] = [];
  let dst = "";
  for (const line of text.split("\n")) {
    const attribute = /^\tBGP\.(\w+):\s*(.*)$/.exec(line);
    if (attribute) {
      paths.at(-1)?.bgp.set(attribute[1] ?? "", (attribute[2] ?? "").trim());
      continue;
    }
    const found = /^(\S*)\s+(.+?) \[(\S+) [^\]]*\](.*)$/.exec(line);
    if (!found || line.startsWith("\t")) continue;
    const [, network = "", way = "", protocol = "", rest = ""] = found;
    if (network !== "") dst = network;
    paths.push({ dst, way, protocol, selected: /^ [*!]/.test(rest), bgp: new Map() });
  }
  return paths;
}

/**
 * The BGP sessions of `birdc show protocols`: name, then state and what is said of it, one space between words. Who
 * is hung up on before or after it has spoken is told so in other words; that is a race.
 */
export function readSessions(text: string): ReadonlyMap<string, string> {
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  return new Map(
    rows
      .filter(([, kind]) => kind === "BGP")
      .map(([name = "", , , , , ...state]) => [
        name,
        state.join(" ").replace("Connection reset by peer", "Connection closed"),
      ]),
  );
}
