import { LIMITS } from "./limits.ts";

/** Why a text is too large to be read as YAML; `undefined` when it is not. */
export function tooMuchYaml(text: string): string | undefined {
  if (text.length > LIMITS.yaml) return `as YAML ${tooLarge(text, LIMITS.yaml)}`;
  if (mostEntries(text) <= LIMITS.yamlEntries) return undefined;
  return `this has more than ${LIMITS.yamlEntries} lines, commas and brackets, too many to read as YAML`;
}

/** That a text has more characters than are read. */
export function tooLarge(text: string, limit: number): string {
  const mib = (characters: number) => Math.ceil(characters / 2 ** 20);
  return `${mib(text.length)} MiB is more than the ${mib(limit)} MiB that are read`;
}

/** How many entries a YAML text has at most: before each stands a line's start, a comma, a bracket or a dash. */
function mostEntries(text: string): number {
  let count = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === LINE || code === COMMA || code === LIST || code === MAP) count++;
    else if ((code === DASH || code === QUESTION) && text.charCodeAt(i + 1) <= SPACE) count++;
  }
  return count;
}

const [LINE, SPACE, COMMA, DASH, QUESTION, LIST, MAP] = [10, 32, 44, 45, 63, 91, 123];
