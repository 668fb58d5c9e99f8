/** What a file may ask of us at most; beyond it a problem says what to do instead. */
export const LIMITS = {
  /** Characters of a JSON file: a full-size cluster, every pod written out, is a third of it. */
  json: 64 * 2 ** 20,
  /** Characters of a YAML file. */
  yaml: 12 * 2 ** 20,
  /** What may begin an entry in a YAML file; the parser and our marks hold four hundred bytes for one. */
  yamlEntries: 500_000,
  /** Entries of one map or list, the pods apart. */
  entries: 100_000,
  /** Lines and commas of a JSON file that is parsed whole, where each may be an entry, for which the parser holds a hundred bytes. */
  values: 2_000_000,
  /** Maps and lists inside one another; the format itself needs seven. */
  depth: 32,
  /** Values that aliases may stand for in all. */
  aliased: 10_000,
} as const;
