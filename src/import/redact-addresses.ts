import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import { isMap } from "../topology/read.ts";

/** How many bits of an address say of what sort it is, and stay: private addresses stay private, documentation aside. */
const SORTS = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fe80::/10",
  "fc00::/7",
  "ff00::/8",
  "::/16",
].flatMap((text) => Prefix.parse(text) ?? []);

/**
 * Other addresses: a network gets other leading bits, what is inside it keeps its offset. Bits are flipped by what stands
 * before them, so that prefixes of prefixes stay that (Xu et al., Prefix-Preserving IP Address Anonymization, 2002).
 */
export class OtherAddresses {
  readonly #roots: readonly Prefix[];
  readonly #seed: string;
  readonly #flips = new Map<string, boolean>();

  constructor(document: Readonly<Record<string, unknown>>) {
    this.#roots = rootsOf(document);
    this.#seed = bytesToHex(sha256(utf8ToBytes(JSON.stringify([document.hosts, document.subnets, document.cluster]))));
  }

  inText(text: string): string {
    return text.replace(
      /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)(?:\/\d{1,3})?(?![\w:])/g,
      (word) => {
        const parsed = parseWithLength(word);
        if (!parsed) return word;
        const { ip, length } = parsed;
        const other = this.#replace(ip, word.includes("/") ? length : ip.bits);
        return word.includes("/") ? `${other}/${length}` : other.toString();
      },
    );
  }

  /** The other address; of a prefix only its own bits are looked at. */
  #replace(ip: Ip, length: number): Ip {
    const root = this.#roots.find((each) => each.family === ip.family && each.contains(ip));
    const end = Math.min(root?.length ?? ip.bits - 8, length);
    const start = SORTS.find((each) => each.family === ip.family && each.contains(ip))?.length ?? 8;
    const words = [...ip.words];
    for (let bit = start; bit < end; bit++) {
      if (this.#flipped(`${ip.family} ${Prefix.of(ip, bit)}`)) {
        const at = bit >> 5;
        words[at] = ((words[at] ?? 0) ^ (1 << (31 - (bit & 31)))) >>> 0;
      }
    }
    return Ip.of(...words);
  }

  #flipped(before: string): boolean {
    const known = this.#flips.get(before);
    if (known !== undefined) return known;
    const flip = ((sha256(utf8ToBytes(`${this.#seed} ${before}`))[0] ?? 0) & 1) === 1;
    this.#flips.set(before, flip);
    return flip;
  }
}

/** The networks inside which offsets stay: subnets, the pods' and the services' networks. */
function rootsOf(document: Readonly<Record<string, unknown>>): readonly Prefix[] {
  const texts: unknown[] = [];
  const { cluster, subnets, cni, generate } = document;
  if (isMap(cluster)) texts.push(cluster.podCIDR, cluster.serviceCIDR);
  for (const entry of isMap(subnets) ? Object.values(subnets) : []) texts.push(isMap(entry) ? entry.cidr : entry);
  const pools = isMap(cni) && isMap(cni.calico) ? cni.calico.ipPools : undefined;
  for (const entry of isMap(pools) ? Object.values(pools) : []) texts.push(isMap(entry) ? entry.cidr : entry);
  if (isMap(generate)) texts.push(generate.underlay);
  return texts.flat().flatMap((text) => (typeof text === "string" ? (Prefix.parse(text) ?? []) : []));
}
