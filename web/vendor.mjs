// Copies what was not written here, whole and unchanged, with licence and version, to its place.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";

const MODULES = new URL("node_modules/", import.meta.url);
const PAGE = new URL("../device/playbach/web/static/vendor/", import.meta.url);
const TESTS = new URL("../tests/browser/vendor/", import.meta.url);
const PARTS = [
  ["@fontsource-variable/eb-garamond", "files/eb-garamond-latin-wght-normal.woff2", PAGE],
  ["@fontsource-variable/source-sans-3", "files/source-sans-3-latin-wght-normal.woff2", PAGE],
  ["axe-core", "axe.min.js", TESTS],
];

const versions = new Map();
for (const [name, path, place] of PARTS) {
  await mkdir(place, { recursive: true });
  const source = new URL(`${name}/`, MODULES);
  const { version, license } = JSON.parse(await readFile(new URL("package.json", source)));
  const file = path.split("/").at(-1);
  await copyFile(new URL(path, source), new URL(file, place));
  await copyFile(new URL("LICENSE", source), new URL(`${name.split("/").at(-1)}.LICENSE`, place));
  versions.set(place, `${versions.get(place) ?? ""}${file}: ${name} ${version}, ${license}\n`);
}
for (const [place, text] of versions) await writeFile(new URL("VERSIONS", place), text);
