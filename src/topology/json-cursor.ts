/** A cursor over plain JSON: printable ASCII without escapes. `good` turns false, and stays so, at anything else. */
export class JsonCursor {
  readonly text: string;
  at: number;
  good = true;
  /** FNV-1a of the string that `passHashed` passed last. */
  hash = 0;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** The next character that is no blank; the cursor stands on it. */
  peek(): number {
    let at = this.at;
    let code = this.text.charCodeAt(at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = this.text.charCodeAt(++at);
    this.at = at;
    return code;
  }

  /** Passes one character behind blanks. */
  pass(wanted: number): void {
    if (this.peek() === wanted) this.at++;
    else this.good = false;
  }

  /** Passes one character if it is the next. */
  passIf(wanted: number): boolean {
    if (this.peek() !== wanted) return false;
    this.at++;
    return true;
  }

  /** Passes a string; answers the offset behind its opening quote. Its end is `at - 1`. */
  passText(): number {
    this.pass(QUOTE);
    const { text } = this;
    const start = this.at;
    let at = start;
    let code = text.charCodeAt(at);
    while (code >= 32 && code < 127 && code !== QUOTE && code !== 92) code = text.charCodeAt(++at);
    if (code !== QUOTE) this.good = false;
    this.at = at + 1;
    return start;
  }

  /** Passes a string and hashes it. */
  passHashed(): number {
    this.pass(QUOTE);
    const { text } = this;
    const start = this.at;
    let at = start;
    let hash = 0x811c9dc5;
    let code = text.charCodeAt(at);
    while (code >= 32 && code < 127 && code !== QUOTE && code !== 92) {
      hash = Math.imul(hash ^ code, 0x01000193);
      code = text.charCodeAt(++at);
    }
    if (code !== QUOTE) this.good = false;
    this.at = at + 1;
    this.hash = hash;
    return start;
  }

  /** Passes the word `true` if it is next. */
  passTrue(): boolean {
    this.peek();
    if (!this.text.startsWith("true", this.at)) return false;
    this.at += 4;
    return true;
  }

  /** Passes the opening of a map or list; false when that is empty, and then its end is passed too. */
  enter(open: number, close: number): boolean {
    this.pass(open);
    return this.good && !this.passIf(close);
  }

  /** Passes a comma, or the end of the map or list; true when another entry follows. */
  more(close: number): boolean {
    if (this.good && this.passIf(44)) return true;
    this.pass(close);
    return false;
  }

  /** Whether the string passed last, which starts at `start`, is this word. */
  was(word: string, start: number): boolean {
    if (this.at - 1 - start !== word.length) return false;
    const { text } = this;
    for (let i = 0; i < word.length; i++) if (text.charCodeAt(start + i) !== word.charCodeAt(i)) return false;
    return true;
  }
}

const QUOTE = 34;
