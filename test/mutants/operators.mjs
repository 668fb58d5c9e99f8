// Small edits that may make a program wrong, found in its syntax tree.
import { parseAst } from "vitest/node";

const SWAPPED = {
  "===": "!==",
  "!==": "===",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "*": "/",
  "&": "|",
  "|": "&",
  "&&": "||",
  "||": "&&",
};

/** What may stand in place of a node, each with a word for the kind of edit. */
const OPERATORS = {
  BinaryExpression: (node, text) => swap(node, text),
  LogicalExpression: (node, text) => swap(node, text),
  ConditionalExpression: ({ test }, text) => [negated(test, text)],
  IfStatement: ({ test, start, end, alternate }, text) => [
    negated(test, text),
    ...(alternate ? [] : [{ what: "guard removed", start, end, after: "" }]),
  ],
  UnaryExpression: ({ operator, argument, start, end }, text) =>
    operator === "!" ? [{ what: "negation removed", start, end, after: slice(text, argument) }] : [],
  ExpressionStatement: ({ start, end }) => [{ what: "statement removed", start, end, after: "" }],
  Literal({ value, start, end }) {
    if (typeof value === "number") return [{ what: "constant", start, end, after: `${value + 1}` }];
    return typeof value === "boolean" ? [{ what: "constant", start, end, after: `${!value}` }] : [];
  },
  SpreadElement: ({ argument, start, end }) =>
    argument.type === "ObjectExpression" ? [] : [{ what: "part left out", start, end, after: "...[]" }],
};

/** Every edit of a file, in the order of its text: `{ what, start, end, after }`, in UTF-16 units. */
export function editsOf(text) {
  const edits = [];
  const visit = (node) => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return undefined;
    // A type is not part of the program that runs.
    if (typeof node.type === "string" && /^TS(Type|Interface|Union|Literal|Array|Function|Mapped)/.test(node.type))
      return;
    if (typeof node.type === "string") edits.push(...(OPERATORS[node.type]?.(node, text) ?? []));
    for (const key of Object.keys(node)) visit(node[key]);
    return undefined;
  };
  visit(parseAst(text, { lang: "ts" }).body);
  return edits.sort((a, b) => a.start - b.start || a.end - b.end);
}

function swap({ left, right, operator, start, end }, text) {
  const other = SWAPPED[operator];
  if (other === undefined) return [];
  const between = text.slice(left.end, right.start).replace(operator, other);
  return [
    { what: `${operator} → ${other}`, start, end, after: `(${slice(text, left)}${between}${slice(text, right)})` },
  ];
}

function negated({ start, end }, text) {
  return { what: "condition negated", start, end, after: `!(${text.slice(start, end)})` };
}

function slice(text, { start, end }) {
  return text.slice(start, end);
}
