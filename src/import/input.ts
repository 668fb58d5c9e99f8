/** One input under the name that problems show: its whole text, or its bytes as they come. */
export type Input =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly chunks: Iterable<Uint8Array> };
