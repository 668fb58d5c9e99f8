import { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import { locate } from "../topology/locate.ts";
import { type Mark, type MarkedTree, placeAt, ROOT } from "../topology/marks.ts";
import type { Place, Problem } from "../topology/problem.ts";
import { isMap } from "../topology/read.ts";

/** Who is told of what is wrong in the objects. */
export interface Listener {
  /** The problem is only made when it is asked for: its place may cost a second look at the text. */
  readonly problem: (make: () => Problem) => void;
  /** An address that was taken out before the objects were handed on. */
  readonly redacted: (place: () => Place) => void;
}

/** Where an object was read: its tree with the marks of it, and its path in the file. */
export interface Origin {
  readonly read: MarkedTree;
  /** `items[3]`, or nothing for a document of its own. */
  readonly path: string;
  readonly listener: Listener;
  /** The tree with the place of every entry, where `read` has not got them. */
  readonly again?: (() => MarkedTree | undefined) | undefined;
  /** The text that this was read in, of an object. */
  readonly around?: Field;
}

/**
 * One value inside an object, and where it stands. Reading goes down by `get` and ends in a typed question; a value of
 * another type is told with file, line and path, and counts as absent afterwards. `null` is absence, as in Kubernetes.
 */
export class Field {
  readonly value: unknown;
  readonly #origin: Origin;
  readonly #up: Field | undefined;
  readonly #step: string | number;

  private constructor(value: unknown, origin: Origin, up: Field | undefined, step: string | number) {
    this.value = value ?? undefined;
    this.#origin = origin;
    this.#up = up;
    this.#step = step;
  }

  /** The whole of a tree. */
  static of(origin: Origin): Field {
    return new Field(origin.read.tree, origin, undefined, 0);
  }

  /** An entry of a map; absent where this is none. */
  get(key: string): Field {
    const found = isMap(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new Field(found, this.#origin, this, key);
  }

  /** A way down by several keys. */
  at(...keys: readonly string[]): Field {
    return keys.reduce<Field>((field, key) => field.get(key), this);
  }

  /** What a text of this place says in a language of its own: JSON in an annotation, YAML in a ConfigMap. */
  inside(tree: unknown): Field {
    const { path, mark } = this;
    const marks = new Map([[ROOT, new Map([[0, mark]])]]);
    const { listener } = this.#origin;
    return new Field(tree, { read: { tree, marks }, path, listener, around: this }, undefined, 0);
  }

  /** Its key, or its index. */
  get name(): string {
    return String(this.#step);
  }

  get isAbsent(): boolean {
    return this.value === undefined;
  }

  map(): readonly (readonly [string, Field])[] {
    if (this.value === undefined) return [];
    if (!isMap(this.value)) return this.#refuse("a map", []);
    return Object.keys(this.value).map((key) => [key, this.get(key)] as const);
  }

  list(): readonly Field[] {
    if (this.value === undefined) return [];
    if (!Array.isArray(this.value)) return this.#refuse("a list", []);
    return this.value.map((item: unknown, i) => new Field(item, this.#origin, this, i));
  }

  text(): string | undefined {
    return this.value === undefined || typeof this.value === "string" ? this.value : this.#refuse("text", undefined);
  }

  flag(): boolean | undefined {
    const { value } = this;
    return value === undefined || typeof value === "boolean" ? value : this.#refuse("true or false", undefined);
  }

  /** A whole number, also where it stands as text, as in annotations and environments. */
  number(): number | undefined {
    const { value } = this;
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
    if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
    return this.#refuse("a whole number", undefined);
  }

  /** Texts by name: labels, annotations. A number or a flag that lost its quotes is taken as it is written. */
  texts(): Readonly<Record<string, string>> {
    const entries = this.map().flatMap(([key, field]): [string, string][] => {
      const { value } = field;
      if (typeof value === "number" || typeof value === "boolean") return [[key, String(value)]];
      const text = field.text();
      return text === undefined ? [] : [[key, text]];
    });
    return Object.fromEntries(entries);
  }

  /** An address; one that was redacted is told apart from one that is wrong. */
  ip(): Ip | undefined {
    return this.#parsed((text) => Ip.parse(text), "an address");
  }

  /** An address with or without a length. */
  ipWithLength(): { readonly ip: Ip; readonly length: number } | undefined {
    return this.#parsed(parseWithLength, "an address with a prefix length");
  }

  /** A network; host bits are masked, as the API server and Calico do. */
  prefix(): Prefix | undefined {
    return this.#parsed((text) => {
      const parsed = parseWithLength(text);
      return parsed && Prefix.of(parsed.ip, parsed.length);
    }, "a CIDR");
  }

  #parsed<T>(parse: (text: string) => T | undefined, what: string): T | undefined {
    const text = this.text();
    if (text === undefined || text === "") return undefined;
    if (isRedacted(text)) {
      this.#origin.listener.redacted(() => this.place);
      return undefined;
    }
    return parse(text) ?? this.#refuse(what, undefined);
  }

  /** The path in the file, as `jsonpath` writes it: `items[3].spec.podCIDR`. */
  get path(): string {
    const above = this.#up ? this.#up.path : this.#origin.path;
    if (!this.#up) return above;
    if (typeof this.#step === "number") return `${above}[${this.#step}]`;
    const step = /^[A-Za-z_]\w*$/.test(this.#step) ? this.#step : `["${this.#step}"]`;
    return step.startsWith("[") || above === "" ? `${above}${step}` : `${above}.${step}`;
  }

  /** Where it stands, or the innermost thing around it that has a place. */
  get mark(): Mark {
    const own = this.#up ? this.#origin.read.marks.get(Object(this.#up.value))?.get(this.#step) : undefined;
    if (own) return own;
    if (this.#up) return this.#up.mark;
    const root = this.#origin.read.marks.get(ROOT)?.get(0);
    if (!root) throw new Error("an object was read without a place");
    return root;
  }

  get place(): Place {
    const { around, again } = this.#origin;
    if (around) return around.place;
    const whole = again?.();
    const found = whole && locate(whole, this.#steps, "value");
    const { source, value } = this.mark;
    return found ?? placeAt(source, value);
  }

  get #steps(): readonly (string | number)[] {
    return this.#up ? [...this.#up.#steps, this.#step] : [];
  }

  /** Tells what is wrong here. */
  complain(code: string, message: string, hint?: string): void {
    this.#origin.listener.problem(() => {
      const { path, place } = this;
      const text = path === "" ? message : `${path}: ${message}`;
      return { code, message: text, place, ...(hint !== undefined && { hint }) };
    });
  }

  #refuse<T>(wanted: string, instead: T): T {
    this.complain("wrong-type", `this should be ${wanted}, not ${shown(this.value)}`);
    return instead;
  }
}

/** Whether a support bundle's redactor, or a careful hand, has been here. */
function isRedacted(text: string): boolean {
  return /\*{3}|redacted|hidden|removed/i.test(text) || /^x+(?:[.:]x*)+$/i.test(text);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
