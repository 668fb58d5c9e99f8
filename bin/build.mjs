// Builds the command: bin/cni-trace.cjs, which answers what needs no program, and the parts it loads when it does.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const bin = dirname(fileURLToPath(import.meta.url));
const root = dirname(bin);
const target = "node20.19";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Packages as a command line needs them: no child processes, no terminals of their own, and code that can be shaken. */
const lean = {
  name: "lean",
  setup({ onResolve, onLoad }) {
    const instead = new Map([
      ["yaml", join(root, "node_modules/yaml/browser/index.js")],
      ["#supports-color", join(root, "node_modules/chalk/source/vendor/supports-color/browser.js")],
    ]);
    onResolve({ filter: /^(yaml|#supports-color)$/ }, ({ path }) => ({ path: instead.get(path) }));
    // commander starts processes for commands that are programs of their own; there are none here.
    onResolve({ filter: /^node:child_process$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {}" }));
  },
};

/** The program in parts along its dynamic imports. esbuild cuts ES modules only, so each is turned into CommonJS after. */
async function buildParts() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { "part-main": "src/cli/main.ts" },
    chunkNames: "part-[hash]",
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
    plugins: [lean],
  });
  const parts = new Map();
  for (const { path, text } of outputFiles) {
    const supported = { "dynamic-import": false };
    const { code } = await transform(text, { format: "cjs", platform: "node", target, supported, minify: true });
    const linked = code.replace(/\brequire\("\.\/(part-\w+)\.js"\)/g, 'require("./$1.cjs")');
    parts.set(basename(path).replace(/\.js$/, ".cjs"), linked);
  }
  return { parts, metafile };
}

/** What the program says to the shortest questions, so that the entry can say it without the program. */
async function answersOf(parts) {
  const nodes = createRequire(import.meta.url);
  const loaded = new Map();
  const load = (name) => {
    const module = loaded.get(name) ?? { exports: {} };
    if (loaded.has(name)) return module.exports;
    loaded.set(name, module);
    const wrapped = new Function("exports", "require", "module", parts.get(name));
    wrapped(module.exports, (id) => (id.startsWith("./") ? load(id.slice(2)) : nodes(id)), module);
    return module.exports;
  };
  const { main, commandNames } = load("part-main.cjs");
  const answers = {};
  for (const question of ["", "--help", "-h", "help", "--version", "-V"]) {
    let said = "";
    const io = { version, env: {}, write: (text) => (said += text), writeError: (text) => (said += text) };
    const status = await main(question === "" ? [] : [question], io);
    if (status !== 0) throw new Error(`cni-trace ${question} ended with ${status}: ${said}`);
    answers[question] = said;
  }
  return { answers, commands: await commandNames() };
}

const { parts, metafile } = await buildParts();
const { answers, commands } = await answersOf(parts);
const hash = createHash("sha256").update(version);
for (const [name, code] of parts) hash.update(name).update(code);

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
    COMMANDS: JSON.stringify(commands),
    ANSWERS: JSON.stringify(answers),
  },
});
parts.set("cni-trace.cjs", entry.outputFiles[0].text);
for (const [name, code] of parts)
  writeFileSync(join(bin, name), code, { mode: name === "cni-trace.cjs" ? 0o755 : 0o644 });
for (const file of readdirSync(bin)) if (/\.cjs$/.test(file) && !parts.has(file)) rmSync(join(bin, file));
if (process.argv.includes("--sizes")) {
  for (const [name, { bytes, inputs }] of Object.entries(metafile.outputs)) {
    const largest = Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput);
    console.log(
      `${name} ${bytes}  ${largest
        .slice(0, 4)
        .map(([file]) => file)
        .join(" ")}`,
    );
  }
}
