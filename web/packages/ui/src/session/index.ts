// Signing in, locking and proving, for every front end: the state and its screens.
export { default as FailedBefore } from './FailedBefore.svelte';
export { default as Lock } from './Lock.svelte';
export { default as Prove } from './Prove.svelte';
export { default as SignIn } from './SignIn.svelte';
export { watchIdle } from './idle';
export { onward, session } from './session.svelte';
