// Builds the console into the Python package.
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { precompress } from '../../precompress.ts';

const OUT = process.env.BLUELAMP_WEB_OUT ?? resolve(import.meta.dirname, '../../../src/bluelamp/app/web');

export default defineConfig({
  plugins: [svelte(), precompress(OUT)],
  server: { proxy: { '/v1': process.env.BLUELAMP_URL ?? 'http://127.0.0.1:8600' } },
  worker: { format: 'es' },
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1500 },
});
