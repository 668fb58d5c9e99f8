/** Leaves in a list only what is to be kept. */
export function retain<T>(rows: T[], keep: (row: T) => boolean): void {
  rows.splice(0, rows.length, ...rows.filter(keep));
}
