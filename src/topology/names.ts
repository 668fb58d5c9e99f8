import type { Check } from "./check.ts";
import type { Path } from "./path.ts";

const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

/**
 * Whether a word is an RFC 1123 subdomain with at least one letter: 10 would be a number in every other place of a file.
 * Some clouds name nodes after their addresses, which are numbers nowhere.
 */
function isName(word: string): boolean {
  return word.length <= MAX_NAME && NAME.test(word) && /[a-z]|^\d+\.\d+\.\d+\.\d+$/.test(word);
}

/** Whether a word is `name` or `namespace/name`. */
export function isPodName(word: string): boolean {
  const slash = word.indexOf("/");
  if (slash < 0) return isName(word);
  return isName(word.slice(slash + 1)) && isNamespace(word.slice(0, slash));
}

/** `default/pod-a` for `pod-a`. */
export function fullPodName(word: string): string {
  return word.includes("/") ? word : `default/${word}`;
}

/** Complains of a key that is no name; the nearest right name is the hint. */
export function checkName(word: string, path: Path, check: Check): void {
  if (!isName(word)) refuse(word, path, check, "small letters, digits, - and . , with at least one letter");
}

/** The same for a pod's key. */
export function checkPodName(word: string, path: Path, check: Check): void {
  if (!isPodName(word)) refuse(word, path, check, "pod-a or namespace/pod-a, in small letters, digits, - and .");
}

function refuse(word: string, path: Path, check: Check, rule: string): void {
  const mended = mend(word);
  const shown = word.length > 60 ? `${word.slice(0, 60)}…` : word;
  const hint = isPodName(mended) ? `for example ${mended}` : rule;
  check.complain({
    code: "bad-name",
    path,
    part: "key",
    message: `"${shown}" is not a name`,
    hint: `RFC 1123: ${hint}`,
  });
}

function mend(word: string): string {
  const plain = word
    .slice(0, MAX_NAME)
    .toLowerCase()
    .replace(/[^-a-z0-9./]+/g, "-");
  return plain.replace(/^[-.]+|[-.]+$/g, "");
}

function isNamespace(word: string): boolean {
  return word.length <= 63 && isName(word) && !word.includes(".");
}
