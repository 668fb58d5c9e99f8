import { type Mark, placeAt } from "../topology/marks.ts";
import type { Field } from "./field.ts";

/** An object's name; one that has none is told, and not read further. */
export function nameOf(body: Field): string | undefined {
  const field = body.at("metadata", "name");
  const name = field.text();
  if (name === undefined && field.isAbsent) body.complain("no-name", "this object has no metadata.name");
  return name;
}

/** `namespace/name`; what has no namespace is in `default`, as for kubectl. */
export function fullName(body: Field): string | undefined {
  const name = nameOf(body);
  return name === undefined ? undefined : `${body.at("metadata", "namespace").text() ?? "default"}/${name}`;
}

/** Two objects of one name that say different things, as when a folder holds the same cluster on two days. */
export function complainTwice(body: Field, what: string, { source, value }: Mark): void {
  const { file, line } = placeAt(source, value);
  const message = `${what} stands here twice, and differently; the first is in ${file}, line ${line}`;
  body.complain("duplicate-object", message, "keep one of them");
}
