// Light or dark: the same in the console and in the officer's app, so it lives in the shared package.
export { theme } from '@bluelamp/ui';
