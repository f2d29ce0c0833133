// Who is signed in: the same in the console and in the officer's app, so it lives in the shared package.
export { session } from '@bluelamp/ui/session';
