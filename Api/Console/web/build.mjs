// Builds the console into ../wwwroot, or into the folder that is given: the same bytes from the same sources, everywhere.
import { build } from 'esbuild';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, '..', 'wwwroot');

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: 'src/main.tsx', report: 'src/reports/frame.ts' },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const file of ['index.html', 'report.html', 'icon.svg']) await copyFile(join(here, 'src', file), join(out, file));

// The licences of what is in the bundle ask to go along with it.
const lock = JSON.parse(await readFile(join(here, 'package-lock.json'), 'utf8'));
const shipped = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.dev).sort(([a], [b]) => (a < b ? -1 : 1));
const texts = [];
for (const [path, entry] of shipped) {
  const text = await readFile(join(here, path, 'LICENSE'), 'utf8');
  texts.push(`${path.replace(/^node_modules\//, '')} ${entry.version} (${entry.license})\n\n${text.replace(/\r\n/g, '\n').trim()}\n`);
}
await writeFile(join(out, 'third-party.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
