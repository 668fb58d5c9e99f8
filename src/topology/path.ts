/** Keys and list positions from the top of a file down to one value. */
export type Path = readonly (string | number)[];
