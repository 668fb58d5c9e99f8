// Builds the command: bin/cni-trace.cjs, which answers what needs no program, and bundles of the parts it loads when it
// does; and the licences of the packages in them.
//   --sizes   prints what is in them
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const bin = dirname(fileURLToPath(import.meta.url));
const root = dirname(bin);
const target = "node20.19";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** What is always loaded together stands in one file: opening one costs more than its being a little longer. */
const TOGETHER = {
  core: ["bin/system.ts", "src/cli/main.ts", "src/cli/commands/trace.ts"],
  yaml: ["src/topology/yaml-source.ts"],
};

/** Packages as a command line needs them: no child processes, no terminals of their own. */
const lean = {
  name: "lean",
  setup({ onResolve, onLoad }) {
    const colourless = join(root, "node_modules/chalk/source/vendor/supports-color/browser.js");
    onResolve({ filter: /^#supports-color$/ }, () => ({ path: colourless }));
    // commander starts processes for commands that are programs of their own; there are none here.
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes("commander") ? { path, namespace: "absent" } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {}" }));
  },
};

/**
 * The program in parts along its dynamic imports. esbuild cuts ES modules only, so each part is turned into CommonJS
 * afterwards. Answers the code of each part and what it takes at once.
 */
async function buildParts() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: "src/cli/main.ts", system: "bin/system.ts" },
    chunkNames: "[name]-[hash]",
    outdir: "bin",
    bundle: true,
    splitting: true,
    minify: true,
    metafile: true,
    write: false,
    format: "esm",
    platform: "node",
    target,
    legalComments: "none",
    define: { "import.meta.url": "BUNDLE_URL" },
    plugins: [lean],
  });
  const parts = new Map();
  for (const { path, text } of outputFiles) {
    const { entryPoint, imports } = metafile.outputs[`bin/${basename(path)}`];
    const needs = imports.filter(({ kind, external }) => kind === "import-statement" && !external);
    parts.set(partName(path), { code: linked(text), entryPoint, needs: needs.map((each) => partName(each.path)) });
  }
  return { parts, metafile };
}

function partName(path) {
  return basename(path).replace(/\.js$/, "");
}

const IMPORT = /(?<=^|[;}\s])import(?:(?: (\w+)|(\*as \w+)|\{([^}]*)\}) ?from)?"(\.\/[-\w]+\.js|node:[\w/]+)";/g;
const EXPORT = /export\{([^}]*)\};\s*$/;
/** What would still be a module; the words import and export stand in texts as well. */
const LEFT_OVER =
  /(?:^|[;}\s])(?:import(?:[ {*][^"'`;]*\bfrom ?"|")|export(?: (?:default|const|function|class)\b|[{*]))/;

/**
 * A minified ES module of esbuild's as a CommonJS function body. esbuild's own conversion asks a getter for each use of
 * each import, which is a good part of a short run; here they are variables. That is right because parts never import in
 * a circle, and export nothing that changes afterwards.
 */
function linked(text) {
  let head = "";
  const body = text.replace(IMPORT, (_, whole, space, names, specifier) => {
    const value = `require(${JSON.stringify(specifier.replace(/^(\.\/.*)\.js$/, "$1"))})`;
    const bound = names === undefined ? (whole ?? space?.replace("*as ", "")) : `{${renamed(names, "$1:$2")}}`;
    head += bound === undefined ? `${value};` : `var ${bound}=${value};`;
    return "";
  });
  const [, exported = ""] = EXPORT.exec(body) ?? [];
  const tail = exported === "" ? "" : `Object.assign(exports,{${renamed(exported, "$2:$1")}});`;
  const rest = body
    .replace(EXPORT, "")
    .replace(/\bimport\("\.\/([-\w]+)\.js"\)/g, 'Promise.resolve().then(()=>require("./$1"))');
  const left = LEFT_OVER.exec(rest);
  if (left) throw new Error(`left over: ${rest.slice(left.index, left.index + 80)}`);
  return `"use strict";${head}${rest}${tail}`;
}

/** `a as b,c` with each `as` written another way. */
function renamed(names, pattern) {
  return names.replace(/([\w$]+) as ([\w$]+)/g, pattern);
}

/** Which parts stand in which file: those that are needed together, each with all that it takes; every other alone. */
function bundled(parts) {
  const bundles = new Map();
  const placed = new Set();
  const take = (name, members) => {
    if (placed.has(name)) return;
    placed.add(name);
    members.push(name);
    for (const need of parts.get(name).needs) take(need, members);
  };
  for (const [word, entryPoints] of Object.entries(TOGETHER)) {
    const members = [];
    for (const [name, { entryPoint }] of parts) if (entryPoints.includes(entryPoint)) take(name, members);
    bundles.set(`part-${word}.cjs`, members);
  }
  for (const name of parts.keys()) if (!placed.has(name)) bundles.set(`part-${name}.cjs`, [name]);
  return bundles;
}

/** An expression: a map of the parts, each a function of CommonJS. */
function bundleText(names, parts) {
  const members = names.map((name) => {
    const { code } = parts.get(name);
    const url = code.includes("BUNDLE_URL") ? URL_OF_BUNDLE : "";
    return `${JSON.stringify(name)}:function(exports,require,module){${url}${code}\n}`;
  });
  const text = `({${members.join(",\n")}})`;
  if (Buffer.byteLength(text) !== text.length) throw new Error(`the bundle of ${names} is not ASCII`);
  return text;
}

/** What `import.meta.url` is in a part that asks for it. */
const URL_OF_BUNDLE = 'var BUNDLE_URL=require("node:url").pathToFileURL(module.filename).href;';

/** What the program says to the shortest questions, so that the entry can say it without the program. */
async function answersOf(parts) {
  const nodes = createRequire(import.meta.url);
  const loaded = new Map();
  const load = (name) => {
    const module = loaded.get(name) ?? { exports: {} };
    if (loaded.has(name)) return module.exports;
    loaded.set(name, module);
    const wrapped = new Function("exports", "require", "module", parts.get(name).code);
    wrapped(module.exports, (id) => (id.startsWith("./") ? load(id.slice(2)) : nodes(id)), module);
    return module.exports;
  };
  const { main, commandNames } = load("main");
  const answers = {};
  for (const question of ["", "--help", "-h", "help", "--version", "-V"]) {
    let said = "";
    const write = (text) => {
      said += text;
    };
    const status = await main(question === "" ? [] : [question], { version, env: {}, write, writeError: write });
    if (status !== 0) throw new Error(`cni-trace ${question} ended with ${status}: ${said}`);
    answers[question] = said;
  }
  return { answers, commands: commandNames() };
}

/** The licences of the packages whose code stands in the bundles, as they ask for. */
function writeNotices({ inputs }) {
  const names = Object.keys(inputs).flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const notices = [...new Set(names)].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [file] = readdirSync(folder).filter((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no licence to pass on`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist", "third-party-notices.txt"), notices.join(`\n${"-".repeat(72)}\n\n`));
}

const { parts, metafile } = await buildParts();
const { answers, commands } = await answersOf(parts);
const bundles = bundled(parts);
const files = new Map([...bundles].map(([file, names]) => [file, bundleText(names, parts)]));
const hash = createHash("sha256").update(version);
for (const [file, text] of files) hash.update(file).update(text);

const entry = await build({
  absWorkingDir: root,
  entryPoints: ["bin/entry.ts"],
  outfile: "bin/cni-trace.cjs",
  bundle: true,
  minify: true,
  write: false,
  format: "cjs",
  platform: "node",
  target,
  banner: { js: "#!/usr/bin/env node" },
  define: {
    VERSION: JSON.stringify(version),
    BUILD: JSON.stringify(hash.digest("hex").slice(0, 16)),
    BUNDLES: JSON.stringify(
      Object.fromEntries([...bundles].flatMap(([file, names]) => names.map((name) => [name, file]))),
    ),
    COMMANDS: JSON.stringify(commands),
    ANSWERS: JSON.stringify(answers),
  },
});
files.set("cni-trace.cjs", entry.outputFiles[0].text);
for (const [file, text] of files)
  writeFileSync(join(bin, file), text, { mode: file === "cni-trace.cjs" ? 0o755 : 0o644 });
for (const file of readdirSync(bin)) if (file.endsWith(".cjs") && !files.has(file)) rmSync(join(bin, file));

writeNotices(metafile);
if (process.argv.includes("--sizes")) {
  for (const [file, text] of files) {
    console.log(`${file} ${text.length}`);
    for (const name of bundles.get(file) ?? []) {
      const { inputs } = metafile.outputs[`bin/${name}.js`];
      const largest = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
      console.log(
        `  ${name} ${parts.get(name).code.length}  ${largest
          .slice(0, 4)
          .map(([path]) => path)
          .join(" ")}`,
      );
    }
  }
}
