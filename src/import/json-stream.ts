import { LIMITS } from "../topology/limits.ts";
import { placeAt, type SourceText } from "../topology/marks.ts";
import type { Place } from "../topology/problem.ts";
import { markedSource, parseJson } from "../topology/source.ts";
import { type CutSink, JsonCutter, type Part, type Spot } from "./json-cutter.ts";
import { type ListHead, listHead, type PieceSink, startingAt } from "./piece.ts";

/**
 * Reads JSON of any length in flat memory: one item of a list at a time, or one document of several behind another. It
 * ends at the first thing that is not JSON.
 */
export function streamJson(file: string, chunks: Iterable<Uint8Array>, sink: PieceSink, start: Spot = TOP): void {
  const reader = new Reader(file, sink);
  const cutter = new JsonCutter(reader, start);
  try {
    for (const chunk of chunks) {
      cutter.write(chunk);
      if (cutter.held > LIMITS.json) reader.tooLarge(cutter.spot);
    }
    cutter.end();
  } catch (error) {
    if (error !== STOP) throw error;
  }
}

const TOP: Spot = { line: 1, column: 1 };

/** Thrown on the way out of a text that is not read on. */
const STOP = Symbol("stop");

/** Makes pieces of the parts of JSON documents. */
class Reader implements CutSink {
  readonly #file: string;
  readonly #sink: PieceSink;
  #head: Part | undefined;
  #list: ListHead = {};
  /** The path of the list of items, and how many there were. */
  #path = "";
  #index = 0;

  constructor(file: string, sink: PieceSink) {
    this.#file = file;
    this.#sink = sink;
  }

  readonly head = (part: Part): void => {
    const text = withoutMarkers(part.text);
    const isBare = text.trim() === "[";
    this.#head = { ...part, text };
    this.#path = isBare ? "" : "items";
    this.#index = 0;
    this.#list = listHead(this.#parse(`${text}${isBare ? "]" : "]}"}`, (offset) => this.#placeIn(part, offset)));
  };

  readonly item = (part: Part): void => this.#hand(part, `${this.#path}[${this.#index++}]`, this.#list);

  readonly tail = (part: Part): void => {
    const [head, text] = [this.#head, withoutMarkers(part.text)];
    this.#head = undefined;
    if (head) {
      const { length } = head.text;
      this.#parse(head.text + text, (at) => (at < length ? this.#placeIn(head, at) : this.#placeIn(part, at - length)));
    } else if (text.trim() !== "") this.#hand({ ...part, text }, "");
  };

  readonly tooDeep = (at: Spot): void => this.#stop("too-deep", BEYOND, { file: this.#file, ...at });

  tooLarge(at: Spot): void {
    this.#stop("file-too-large", `one object here is larger than ${LIMITS.json / 2 ** 20} MiB`, {
      file: this.#file,
      ...at,
    });
  }

  /** An object has no places until somebody asks: then its text, which is not kept otherwise, is read once more. */
  #hand(part: Part, path: string, list?: ListHead): void {
    const source = this.#sourceOf(part);
    const tree = this.#parse(part.text, (offset) => placeAt(source, offset));
    const again = () => markedSource(source).read;
    this.#sink.piece({ read: startingAt(tree, source), path, again, ...(list && { list }) });
  }

  #parse(text: string, placeOf: (offset: number) => Place): unknown {
    const parsed = parseJson(text);
    return parsed.ok
      ? parsed.value
      : this.#stop("not-json", "this is not JSON", placeOf(parsed.offset), parsed.message);
  }

  #stop(code: string, message: string, place: Place, hint?: string): never {
    this.#sink.problem({ code, message, place, ...(hint !== undefined && { hint }) });
    throw STOP;
  }

  #placeIn(part: Part, offset: number): Place {
    return placeAt(this.#sourceOf(part), offset);
  }

  #sourceOf({ text, at }: Part): SourceText & { readonly at: Spot } {
    return { file: this.#file, text, at };
  }
}

const BEYOND = "maps and lists stand deeper inside one another here than in any object of Kubernetes";

/** Markers of YAML's between JSON documents count as blanks. */
function withoutMarkers(text: string): string {
  return text.replace(/^(?:(?:---|\.\.\.)(?:[ \t]*(?:#.*)?)?(?:\r?\n|$)\s*)+/, (markers) =>
    markers.replace(/[^\n]/g, " "),
  );
}
