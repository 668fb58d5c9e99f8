import { createConnection } from "node:net";

/**
 * What BIRD answers on its control socket, as `birdc` prints it: a line has a code of four digits and `-`, and a blank
 * instead where it is the last; or it begins with a blank, and the code before goes on (BIRD's client/client.c).
 */
export function birdc(socket: string, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket, () => connection.write(`${words}\n`));
    let text = "";
    connection.setEncoding("utf8").on("error", reject);
    connection.on("data", (chunk: string) => {
      text += chunk;
      // The greeting has a last line, and so has the answer.
      if (!text.endsWith("\n") || (text.match(/^\d{4} /gm) ?? []).length < 2) return;
      connection.destroy();
      const answer = text.slice(text.indexOf("\n") + 1);
      resolve(answer.replace(/^(\d{4}[- ]| )/gm, ""));
    });
  });
}

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
