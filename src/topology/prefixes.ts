import { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import type { Check } from "./check.ts";
import type { Texts } from "./file.ts";
import type { Path } from "./path.ts";

/** Reads one CIDR or [IPv4, IPv6]; complains of each that is none; IPv4 comes first. */
export function readPrefixes(texts: Texts, path: Path, check: Check): readonly Prefix[] {
  if (typeof texts === "string") {
    const prefix = (texts.includes("/") ? Prefix.parse(texts) : undefined) ?? readPrefix(texts, path, check);
    return prefix ? [prefix] : [];
  }
  const found: Prefix[] = [];
  for (const [text, at] of eachText(texts, path)) {
    const prefix = readPrefix(text, at, check);
    if (prefix && found.some((other) => other.family === prefix.family)) {
      const message = `${prefix} is a second IPv${prefix.family} network`;
      check.complain({ code: "family-twice", path: at, message, hint: "one per family: [IPv4, IPv6]" });
    } else if (prefix) found.push(prefix);
  }
  return found.sort((a, b) => a.family - b.family);
}

/** Reads addresses, at most one of each family; complains of each that is none; IPv4 comes first. */
export function readIps(texts: Texts, path: Path, check: Check, hint?: string): readonly Ip[] {
  const found: Ip[] = [];
  for (const [text, at] of eachText(texts, path)) {
    const ip = Ip.parse(text);
    if (!ip) check.complain({ code: "bad-address", path: at, hint, ...notAnAddress(text) });
    else if (found.some((other) => other.family === ip.family)) {
      const message = `${ip} is a second IPv${ip.family} address`;
      check.complain({ code: "family-twice", path: at, message, hint: "one per family: [IPv4, IPv6]" });
    } else found.push(ip);
  }
  return found.sort((a, b) => a.family - b.family);
}

/** The texts of a short or long list, each with its path. */
function eachText(texts: Texts, path: Path): readonly (readonly [string, Path])[] {
  return typeof texts === "string" ? [[texts, path]] : texts.map((text, i) => [text, [...path, i]] as const);
}

/** What to say of a text that should be an address. */
export function notAnAddress(text: string): { message: string; hint?: string } {
  const message = `${quoted(text)} is not an address`;
  const withLength = parseWithLength(text);
  if (withLength) return { message, hint: `without the length: ${withLength.ip}` };
  const decimal = text.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  const plain = decimal.join(".");
  if (plain !== text && Ip.parse(plain)) return { message, hint: `without leading zeros: ${plain}` };
  return /^[\d.]+$/.test(text) ? { message, hint: "four numbers from 0 to 255" } : { message };
}

function readPrefix(text: string, path: Path, check: Check): Prefix | undefined {
  const parsed = parseWithLength(text);
  if (!parsed) {
    const hint = "an address and a length: 192.168.0.0/24";
    check.complain({ code: "bad-cidr", path, message: `${quoted(text)} is not a CIDR`, hint });
    return undefined;
  }
  if (!text.includes("/")) {
    const guess = Prefix.of(parsed.ip, parsed.ip.family === 4 ? 24 : 64);
    check.complain({ code: "bad-cidr", path, message: `${text} has no length`, hint: `for example ${guess}` });
    return undefined;
  }
  const prefix = Prefix.of(parsed.ip, parsed.length);
  if (!prefix.ip.equals(parsed.ip)) {
    check.complain({ code: "host-bits", path, message: `${text} has host bits set`, hint: `the network is ${prefix}` });
  }
  return prefix;
}

/** A text in quotes, cut where it is long. */
export function quoted(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}
