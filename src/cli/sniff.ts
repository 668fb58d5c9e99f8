/** Keys that stand at the top of an object of Kubernetes, or of a list of them, and never at the top of our own files. */
const TOP = "apiVersion|kind|metadata|spec|status|data|items|Items|selfLink|SelfLink|resourceVersion|name|Spec|Status";
const JSON_TOP = new RegExp(`^\\s*(?:\\[|\\{\\s*"(?:${TOP})"\\s*:)`);
const YAML_TOP = new RegExp(`^(?:(?:${TOP})\\s*:)`, "m");
const BARE_LIST = /^- /;

/**
 * Whether the start of a text is that of Kubernetes objects: any document with `apiVersion` and `kind` is one, and our
 * own has neither.
 */
export function looksLikeObjects(head: string): boolean {
  // What comes before the first value: a byte order mark, comments, the marker of a document.
  const text = head.replace(/^\uFEFF?(?:[ \t]*(?:#[^\n]*)?\r?\n|---[ \t]*(?:#[^\n]*)?\r?\n)*/, "");
  return /^\s*[[{]/.test(text) ? JSON_TOP.test(text) : BARE_LIST.test(text) || YAML_TOP.test(text);
}
