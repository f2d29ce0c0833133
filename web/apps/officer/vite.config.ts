// Builds the officer's app into the Python package, beside the console. The service worker is told which files make the shell:
// their names carry hashes, so the list is also the version.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { precompress } from '../../precompress.ts';

const OUT = join(process.env.BLUELAMP_WEB_OUT ?? resolve(import.meta.dirname, '../../../src/bluelamp/app/web'), 'officer');

function tellTheWorker(folder: string): void {
  const worker = join(folder, 'sw.js');
  const files = readdirSync(join(folder, 'assets')).map((name) => `/officer/assets/${name}`);
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const shell = ['/officer/', '/officer/manifest.webmanifest', '/officer/icon-192.png', '/lamp.svg', ...files].sort();
  const version = createHash('sha256').update(page).update(shell.join('\n')).digest('hex').slice(0, 12);
  const text = readFileSync(worker, 'utf8').replace(/["'`]__SHELL__["'`]/, JSON.stringify(shell)).replaceAll('__VERSION__', version);
  if (text.includes('__SHELL__')) throw new Error('the service worker did not take the list of files');
  writeFileSync(worker, text);
}

export default defineConfig({
  base: '/officer/',
  plugins: [svelte(), precompress(OUT, tellTheWorker)],
  server: { proxy: { '/v1': process.env.BLUELAMP_URL ?? 'http://127.0.0.1:8600' } },
  worker: { format: 'es' },
  build: {
    outDir: OUT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      input: { index: resolve(import.meta.dirname, 'index.html'), sw: resolve(import.meta.dirname, 'worker/sw.ts') },
      // The worker keeps its address for ever: browsers look there for a newer one.
      output: { entryFileNames: (chunk: { name: string }) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
});
