// Every text file of a build also lands there compressed, so the server only picks one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const SQUEEZED = /\.(js|css|html|svg|json|mjs|webmanifest)$/;

/** `first` runs over the finished files before they are squeezed. */
export function precompress(folder: string, first: (folder: string) => void = () => undefined): Plugin {
  const walk = (inside: string): void => {
    for (const name of readdirSync(inside)) {
      const path = join(inside, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (SQUEEZED.test(name)) {
        const content = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    }
  };
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      first(folder);
      walk(folder);
    },
  };
}
