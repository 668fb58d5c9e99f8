/** A label selector that was read: whether it takes something with these labels. */
export type Selector = (labels: ReadonlyMap<string, string>) => boolean;

/**
 * Reads a selector in Calico's words (libcalico-go/lib/selector/parser/parser.go): `||` over `&&` over `!`, and
 * `label == "v"`, `!=`, `in { … }`, `not in { … }`, `contains`, `starts with`, `ends with`, `has(label)`, `all()`,
 * `global()`, parentheses. An empty one takes everything.
 *
 * `undefined` when the words make no sense.
 */
export function parseSelector(text: string): Selector | undefined {
  const tokens = tokenize(text);
  if (!tokens) return undefined;
  if (tokens.length === 0) return () => true;
  const reader = new Reader(tokens);
  const selector = reader.or();
  return reader.atEnd ? selector : undefined;
}

const TOKEN =
  /\s*(?:(\|\||&&|==|!=|[!(){},]|not\s+in\b|starts\s+with\b|ends\s+with\b)|"([^"]*)"|'([^']*)'|([A-Za-z0-9_./-]+))/y;

interface Token {
  readonly kind: "sign" | "text" | "word";
  readonly value: string;
}

function tokenize(text: string): readonly Token[] | undefined {
  const rest = text.trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const match = TOKEN.exec(rest);
    if (!match) return undefined;
    const [, sign, double, single, word = ""] = match;
    if (sign !== undefined) tokens.push({ kind: "sign", value: sign.replace(/\s+/, " ") });
    else if (double !== undefined || single !== undefined) tokens.push({ kind: "text", value: double ?? single ?? "" });
    else tokens.push({ kind: "word", value: word });
  }
  return tokens;
}

type Test = (value: string | undefined) => boolean;

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  or(): Selector | undefined {
    return this.#joined(
      "||",
      () => this.#and(),
      (all, labels) => all.some((each) => each(labels)),
    );
  }

  #and(): Selector | undefined {
    return this.#joined(
      "&&",
      () => this.#not(),
      (all, labels) => all.every((each) => each(labels)),
    );
  }

  #joined(
    sign: string,
    part: () => Selector | undefined,
    join: (all: readonly Selector[], labels: ReadonlyMap<string, string>) => boolean,
  ): Selector | undefined {
    const all: Selector[] = [];
    do {
      const each = part();
      if (!each) return undefined;
      all.push(each);
    } while (this.#take("sign", sign));
    return (labels) => join(all, labels);
  }

  #not(): Selector | undefined {
    if (!this.#take("sign", "!")) return this.#atom();
    const inner = this.#not();
    return inner && ((labels) => !inner(labels));
  }

  #atom(): Selector | undefined {
    if (this.#take("sign", "(")) {
      const inner = this.or();
      return this.#take("sign", ")") ? inner : undefined;
    }
    const label = this.#next("word");
    if (label === undefined) return undefined;
    if (this.#take("sign", "(")) return this.#call(label);
    const test = this.#test();
    return test && ((labels) => test(labels.get(label)));
  }

  #call(name: string): Selector | undefined {
    const label = name === "has" ? this.#next("word") : undefined;
    if (!this.#take("sign", ")")) return undefined;
    if (label !== undefined) return (labels) => labels.has(label);
    return name === "all" || name === "global" ? () => true : undefined;
  }

  #test(): Test | undefined {
    for (const [sign, make] of COMPARISONS) {
      if (!this.#take("sign", sign) && !this.#take("word", sign)) continue;
      const wanted = this.#next("text");
      return wanted === undefined ? undefined : make(wanted);
    }
    if (this.#take("word", "in")) return this.#set((value, set) => value !== undefined && set.has(value));
    // What lacks the label is not in the set either.
    if (this.#take("sign", "not in")) return this.#set((value, set) => value === undefined || !set.has(value));
    return undefined;
  }

  #set(test: (value: string | undefined, set: ReadonlySet<string>) => boolean): Test | undefined {
    if (!this.#take("sign", "{")) return undefined;
    const set = new Set<string>();
    while (!this.#take("sign", "}")) {
      const item = this.#next("text");
      if (item === undefined) return undefined;
      set.add(item);
      if (!this.#take("sign", ",") && this.#tokens[this.#at]?.value !== "}") return undefined;
    }
    return (value) => test(value, set);
  }

  #next(kind: Token["kind"]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at++;
    return token.value;
  }

  #take(kind: Token["kind"], value: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind || token.value !== value) return false;
    this.#at++;
    return true;
  }
}

const COMPARISONS: readonly (readonly [string, (wanted: string) => Test])[] = [
  ["==", (wanted) => (value) => value === wanted],
  ["!=", (wanted) => (value) => value !== wanted],
  ["contains", (wanted) => (value) => value?.includes(wanted) === true],
  ["starts with", (wanted) => (value) => value?.startsWith(wanted) === true],
  ["ends with", (wanted) => (value) => value?.endsWith(wanted) === true],
];
