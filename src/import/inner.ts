import type { Problem } from "../topology/problem.ts";
import { readYaml } from "../topology/yaml-source.ts";
import type { Field } from "./field.ts";

/** JSON inside a text of an object, as annotations and ConfigMaps hold it; all of it stands where the text does. */
export function jsonOf(field: Field): Field | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  try {
    const tree: unknown = JSON.parse(text);
    return tree === null ? undefined : field.inside(tree);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    field.complain("not-json", "this text should be JSON", error.message);
    return undefined;
  }
}

/** YAML inside a text of an object. */
export function yamlOf(field: Field): Field | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const { read, problems } = readYaml({ file: "", text });
  const [first]: readonly Problem[] = problems;
  if (first) field.complain("not-yaml", "this text should be YAML", first.message);
  return read && problems.length === 0 ? field.inside(read.tree) : undefined;
}
