/** Keys that stand at the top of an object of Kubernetes, or of a list of them, and never at the top of our own files. */
const TOP = "apiVersion|kind|metadata|spec|status|data|items|Items|selfLink|SelfLink|resourceVersion|name|Spec|Status";
const JSON_TOP = new RegExp(`^\\s*(?:\\[|\\{\\s*"(?:${TOP})"\\s*:)`);
const YAML_TOP = new RegExp(`^(?:(?:${TOP})\\s*:|(?:\\s*(?:#.*|---)?\\n)*- )`, "m");

/**
 * Whether the start of a text is that of Kubernetes objects: any document with `apiVersion` and `kind` is one, and our
 * own has neither.
 */
export function looksLikeObjects(head: string): boolean {
  const text = head.charCodeAt(0) === 0xfeff ? head.slice(1) : head;
  return /^\s*[[{]/.test(text) ? JSON_TOP.test(text) : YAML_TOP.test(text);
}
