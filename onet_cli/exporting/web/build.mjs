/** Bundle the page: `node build.mjs FOLDER`; `make web` calls it. */

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** Whose code is in the bundle, and a licence text where the package has none. */
const PACKAGES = { "onnxruntime-web": "onnxruntime-licence.txt", three: null };
const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "source");
const require = createRequire(import.meta.url);

/**
 * @param {string} name Of a package.
 * @returns {string} Its folder.
 */
function folderOf(name) {
  const [found] = (require.resolve.paths(name) ?? []).filter((place) => {
    try {
      return require(join(place, name, "package.json"));
    } catch {
      return false;
    }
  });
  return join(found, name);
}

/** The licences of what is in the bundle. */
async function licences() {
  const parts = await Promise.all(
    Object.entries(PACKAGES).map(async ([name, own]) => {
      const folder = folderOf(name);
      const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const file = own === null ? join(folder, "LICENSE") : join(source, own);
      const text = await readFile(file, "utf8");
      return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
    }),
  );
  return parts.join(`\n${"-".repeat(72)}\n\n`);
}

const target = process.argv[2];
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  conditions: ["onnxruntime-web-use-extern-wasm"],
};
await build({
  ...common,
  entryPoints: [join(source, "page/page.js")],
  outfile: join(target, "page.js"),
  format: "iife",
});
await build({
  ...common,
  entryPoints: [join(source, "worker/worker.js")],
  outfile: join(target, "worker.js"),
  format: "esm",
});
for (const name of ["index.html", "style.css"])
  await copyFile(join(source, "page", name), join(target, name));
for (const name of ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
  await copyFile(join(folderOf("onnxruntime-web"), "dist", name), join(target, name));
await writeFile(join(target, "licences.txt"), await licences());
