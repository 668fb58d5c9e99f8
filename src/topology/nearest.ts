/**
 * The candidate that a mistyped word most likely meant; `undefined` when none is close.
 *
 * Close means at most one edit in three letters, where a swap of neighbours is one edit (optimal string alignment) and
 * case does not count. On a tie the earlier candidate wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  if (wanted.length > MAX_WORD) return undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    if (distance > limit || (best !== undefined && distance === limit)) continue;
    best = candidate;
    limit = distance;
    if (distance === 0) break;
  }
  return best;
}

/**
 * `nearest` for many words against one large set of names: remembers answers, and stops answering after 100 different
 * words, because each may cost a pass over the whole set.
 */
export function suggester(candidates: () => Iterable<string>): (word: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (word) => {
    if (!known.has(word)) {
      if (known.size >= MAX_ASKED) return undefined;
      known.set(word, nearest(word, candidates()));
    }
    return known.get(word);
  };
}

const MAX_WORD = 260;
const MAX_ASKED = 100;

/** The number of edits between two words, or any number above `limit` once it is known to be above. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      const swapped =
        i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, at(before, j - 2) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return least;
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
