// Builds the console into the Python package. Every text file also lands there compressed, so the server only picks one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const OUT = process.env.BLUELAMP_WEB_OUT ?? resolve(import.meta.dirname, '../../../src/bluelamp/app/web');
const SQUEEZED = /\.(js|css|html|svg|json|mjs)$/;

function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      const walk = (folder: string): void => {
        for (const name of readdirSync(folder)) {
          const path = join(folder, name);
          if (statSync(path).isDirectory()) walk(path);
          else if (SQUEEZED.test(name)) {
            const content = readFileSync(path);
            writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
            writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
          }
        }
      };
      walk(OUT);
    },
  };
}

export default defineConfig({
  plugins: [svelte(), precompress()],
  server: { proxy: { '/v1': process.env.BLUELAMP_URL ?? 'http://127.0.0.1:8600' } },
  worker: { format: 'es' },
  build: { outDir: OUT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1500 },
});
